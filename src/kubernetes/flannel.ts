import type { Cluster, FlannelOptions } from '../inventory/cluster.ts'
import type { Mapping } from '../render/yaml.ts'
import { inputsOfConfigMaps, sha256, withInputs } from './inputs.ts'
import { imageEdit, manifestReader } from './manifest.ts'
import { apiVariables, withNetworkOptions } from './network.ts'
import { isIPv6Subnet } from './node.ts'
import { inApplyOrder } from './object.ts'
import type { KubernetesObject } from './object.ts'
import { imagesOf, upstreamImages, type ImageName } from './versions.ts'

/** What Flannel needs beyond the inventory. */
export interface FlannelView {
  /** The URL by which nodes reach the API. */
  readonly server: string
  /** Requests and limits in place of the manifest's. */
  readonly resources?: Readonly<Record<string, unknown>>
}

/** A cluster whose inventory asks for Flannel. */
export interface FlannelCluster extends Cluster {
  readonly cni: FlannelOptions
}

const reader = manifestReader('Flannel')
const configMapName = 'kube-flannel-cfg'
const daemonSetName = 'kube-flannel-ds'
const containerName = 'kube-flannel'

/** Upstream's manifest with the cluster's network, backend, images and interface; an error names what it does not find. */
export function flannelObjects(
  cluster: FlannelCluster,
  manifest: string,
  view: FlannelView,
): readonly KubernetesObject[] {
  const objects = reader.objects(manifest)
  const configMap = withNetwork(only(objects, 'ConfigMap', configMapName), cluster)
  const daemonSet = withPods(only(objects, 'DaemonSet', daemonSetName), cluster, view, configMap)
  const edited = new Map([configMap, daemonSet].map((object) => [object.kind, object]))
  return inApplyOrder(objects.map((object) => edited.get(object.kind) ?? object))
}

/** `net-conf.json`: flannel's view of the inventory's networking. */
export function flannelNetwork({ networking, cni, kubeProxy }: FlannelCluster): Mapping {
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

function withNetwork(configMap: KubernetesObject, cluster: FlannelCluster): KubernetesObject {
  const data = reader.mapping(configMap, 'data')
  const upstream = reader.text(data, 'net-conf.json', `${configMapName} data`)
  // What upstream adds later stays; what the inventory decides does not.
  const network = { ...reader.json(upstream, 'net-conf.json'), ...flannelNetwork(cluster) }
  return { ...configMap, data: { ...data, 'net-conf.json': `${JSON.stringify(network, null, 2)}\n` } }
}

function withPods(
  daemonSet: KubernetesObject,
  cluster: FlannelCluster,
  view: FlannelView,
  configMap: KubernetesObject,
): KubernetesObject {
  const spec = reader.mapping(daemonSet, 'spec')
  const template = reader.mapping(spec, 'template')
  const pod = reader.mapping(template, 'spec')
  const image = imageEdit(reader, 'Flannel', images(cluster))
  const containers = reader.mappings(pod, 'containers').map((container) => image(withNode(container, cluster, view)))
  if (!containers.some(({ name }) => name === containerName))
    throw reader.missing(`container ${containerName} in ${daemonSetName}`)
  const initContainers = reader.mappings(pod, 'initContainers').map(image)
  // flanneld does not read its configuration again, so a change of it has to make new pods; by the endpoint they are waited for.
  const inputs = { ...inputsOfConfigMaps([configMap]), server: sha256(view.server) }
  const metadata = withInputs(template['metadata'], inputs)
  const edited = { ...template, metadata, spec: { ...pod, containers, initContainers } }
  return withNetworkOptions({ ...daemonSet, spec: { ...spec, template: edited } }, cluster.cni)
}

/**
 * Flannel takes the interface of the default route unless told otherwise, which is the wrong one on hosts with two
 * networks. Names differ from host to host; the address that the node registers is right on each of them. The API it reaches as
 * the node does: its service is there only when kube-proxy is, and who comes first would be a race that costs ten seconds.
 */
function withNode(container: Mapping, { networking }: FlannelCluster, { server, resources }: FlannelView): Mapping {
  if (container['name'] !== containerName) return container
  const args = reader.texts(container, 'args').filter((argument) => !argument.startsWith('--iface'))
  const ours: readonly Mapping[] = [
    { name: 'NODE_IP', valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } },
    ...Object.entries(apiVariables(server)).map(([name, value]) => ({ name, value })),
  ]
  const env = reader.mappings(container, 'env').filter(({ name }) => !ours.some((one) => one['name'] === name))
  return {
    ...container,
    args: [...args, '--iface=$(NODE_IP)', ...dualStackArgs(networking.podSubnets)],
    env: [...env, ...ours],
    ...(resources === undefined ? {} : { resources }),
  }
}

// With two families flanneld finds an interface by its IPv4 address, or by this flag.
function dualStackArgs(podSubnets: readonly string[]): readonly string[] {
  return podSubnets.length > 1 && isIPv6Subnet(podSubnets[0] ?? '') ? ['--public-ipv6=$(NODE_IP)'] : []
}

function images({ kubernetesVersion, imageRepositories }: Cluster) {
  const upstream = upstreamImages(kubernetesVersion)
  const wanted = imagesOf({ kubernetesVersion, imageRepositories })
  const names: readonly ImageName[] = ['flannel', 'flannelCniPlugin']
  return names.map((name) => ({ upstream: upstream[name], wanted: wanted[name] }))
}

function only(objects: readonly KubernetesObject[], kind: string, name: string): KubernetesObject {
  const [found, other] = objects.filter((object) => object.kind === kind)
  if (found?.metadata.name !== name) throw reader.missing(`${kind} ${name}`)
  if (other !== undefined) throw reader.missing(`one ${kind}, not ${other.metadata.name} as well`)
  return found
}
