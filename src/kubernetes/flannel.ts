import type { Cluster } from '../inventory/cluster.ts'
import { isMapping, parseYamlDocuments } from '../render/yaml.ts'
import type { Mapping } from '../render/yaml.ts'
import { isIPv6Subnet } from './node.ts'
import { inApplyOrder, kubernetesObject } from './object.ts'
import type { KubernetesObject } from './object.ts'
import { inputsAnnotation, inputsDigest, sha256 } from './inputs.ts'
import { imagesOf, upstreamImages } from './versions.ts'
import type { Images } from './versions.ts'

/** What may be said about Flannel beyond the inventory. */
export interface FlannelView {
  /** Requests and limits in place of the manifest's. */
  readonly resources?: Readonly<Record<string, unknown>>
}

const configMapName = 'kube-flannel-cfg'
const daemonSetName = 'kube-flannel-ds'
const containerName = 'kube-flannel'

/** Upstream's manifest with the cluster's network, backend, images and interface; an error names what it does not find. */
export function flannelObjects(
  cluster: Cluster,
  manifest: string,
  view: FlannelView = {},
): readonly KubernetesObject[] {
  const source = 'the manifest of Flannel'
  const objects = parseYamlDocuments(manifest, source).map((value) => kubernetesObject(value, source))
  const configMap = withNetwork(only(objects, 'ConfigMap', configMapName), cluster)
  const daemonSet = withPods(only(objects, 'DaemonSet', daemonSetName), cluster, view, configMap)
  const edited = new Map([configMap, daemonSet].map((object) => [object.kind, object]))
  return inApplyOrder(objects.map((object) => edited.get(object.kind) ?? object))
}

/** `net-conf.json`: flannel's view of the inventory's networking. */
export function flannelNetwork({ networking, cni, kubeProxy }: Cluster): Mapping {
  const ipv4 = networking.podSubnets.find((subnet) => !isIPv6Subnet(subnet))
  const ipv6 = networking.podSubnets.find(isIPv6Subnet)
  const mtu = cni.mtu === undefined ? {} : { MTU: cni.mtu }
  const backends: Readonly<Record<typeof cni.backend, Mapping>> = {
    vxlan: { Type: 'vxlan', VNI: cni.vni, Port: cni.port, ...mtu },
    wireguard: { Type: 'wireguard', ...mtu },
    // Without encapsulation there is nothing to subtract: pods have the MTU of the interface.
    'host-gw': { Type: 'host-gw' },
  }
  return {
    ...(ipv4 === undefined ? { EnableIPv4: false } : { Network: ipv4 }),
    ...(ipv6 === undefined ? {} : { EnableIPv6: true, IPv6Network: ipv6 }),
    // Two users of one packet filter must speak the same language.
    EnableNFTables: kubeProxy.mode === 'nftables',
    Backend: backends[cni.backend],
  }
}

function withNetwork(configMap: KubernetesObject, cluster: Cluster): KubernetesObject {
  const data = mappingAt(configMap, 'data')
  const upstream = textAt(data, 'net-conf.json', `${configMapName} data`)
  // What upstream adds later stays; what the inventory decides does not.
  const network = { ...jsonOf(upstream, 'net-conf.json'), ...flannelNetwork(cluster) }
  return { ...configMap, data: { ...data, 'net-conf.json': `${JSON.stringify(network, null, 2)}\n` } }
}

function withPods(
  daemonSet: KubernetesObject,
  cluster: Cluster,
  { resources }: FlannelView,
  configMap: KubernetesObject,
): KubernetesObject {
  const spec = mappingAt(daemonSet, 'spec')
  const template = mappingAt(spec, 'template')
  const pod = mappingAt(template, 'spec')
  const image = imageEdit(cluster)
  const containers = listAt(pod, 'containers').map((container) => image(withInterface(container, cluster, resources)))
  if (!containers.some(({ name }) => name === containerName))
    throw missing(`container ${containerName} in ${daemonSetName}`)
  const initContainers = listAt(pod, 'initContainers').map(image)
  const metadata = withInputs(template['metadata'], configMap)
  const edited = { ...template, metadata, spec: { ...pod, containers, initContainers } }
  return { ...daemonSet, spec: { ...spec, template: edited } }
}

/** flanneld does not read its configuration again, so a change of it has to make new pods. */
function withInputs(metadata: unknown, { data }: KubernetesObject): Mapping {
  const present = isMapping(metadata) ? metadata : {}
  const annotations = isMapping(present['annotations']) ? present['annotations'] : {}
  const digest = inputsDigest({ [configMapName]: sha256(JSON.stringify(data)) })
  return { ...present, annotations: { ...annotations, [inputsAnnotation]: digest } }
}

/**
 * Flannel takes the interface of the default route unless told otherwise, which is the wrong one on hosts with two
 * networks. Names differ from host to host; the address that the node registers is right on each of them.
 */
function withInterface(container: Mapping, { networking }: Cluster, resources: FlannelView['resources']): Mapping {
  if (container['name'] !== containerName) return container
  const args = textsAt(container, 'args').filter((argument) => !argument.startsWith('--iface'))
  const env = listAt(container, 'env').filter(({ name }) => name !== 'NODE_IP')
  const nodeIP = { name: 'NODE_IP', valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } }
  return {
    ...container,
    args: [...args, '--iface=$(NODE_IP)', ...dualStackArgs(networking.podSubnets)],
    env: [...env, nodeIP],
    ...(resources === undefined ? {} : { resources }),
  }
}

// With two families flanneld finds an interface by its IPv4 address, or by this flag.
function dualStackArgs(podSubnets: readonly string[]): readonly string[] {
  return podSubnets.length > 1 && isIPv6Subnet(podSubnets[0] ?? '') ? ['--public-ipv6=$(NODE_IP)'] : []
}

function imageEdit(cluster: Cluster): (container: Mapping) => Mapping {
  const upstream = upstreamImages(cluster.kubernetesVersion)
  const images = imagesOf(cluster)
  const names: readonly (keyof Images)[] = ['flannel', 'flannelCniPlugin']
  return (container) => {
    const where = `container ${String(container['name'])}`
    const repository = repositoryOf(textAt(container, 'image', where))
    const name = names.find((each) => repositoryOf(upstream[each]) === repository)
    if (name === undefined) throw missing(`an image of Flannel in ${where}, not ${repository}`)
    return { ...container, image: images[name] }
  }
}

function repositoryOf(image: string): string {
  return image.replace(/[:@][^/]*$/, '')
}

function only(objects: readonly KubernetesObject[], kind: string, name: string): KubernetesObject {
  const [found, other] = objects.filter((object) => object.kind === kind)
  if (found?.metadata.name !== name) throw missing(`${kind} ${name}`)
  if (other !== undefined) throw missing(`one ${kind}, not ${other.metadata.name} as well`)
  return found
}

function mappingAt(parent: Mapping | KubernetesObject, field: string): Mapping {
  const value = parent[field]
  if (isMapping(value)) return value
  throw missing(`a mapping ${field}`)
}

function listAt(parent: Mapping, field: string): readonly Mapping[] {
  const value = parent[field]
  if (Array.isArray(value) && value.every(isMapping)) return value
  throw missing(`a list of mappings ${field}`)
}

function textsAt(parent: Mapping, field: string): readonly string[] {
  const value = parent[field]
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value
  throw missing(`a list of texts ${field}`)
}

function textAt(parent: Mapping, field: string, where: string): string {
  const value = parent[field]
  if (typeof value === 'string') return value
  throw missing(`a text ${field} in ${where}`)
}

function jsonOf(text: string, what: string): Mapping {
  try {
    const value: unknown = JSON.parse(text)
    if (isMapping(value)) return value
  } catch {
    // Said below.
  }
  throw missing(`JSON in ${what}`)
}

function missing(what: string): Error {
  return new Error(`The manifest of Flannel is not as expected: there should be ${what}.`)
}
