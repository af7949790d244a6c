import type { CalicoOptions, Cluster } from '../inventory/cluster.ts'
import { isControlPlane } from '../inventory/roles.ts'
import { renderYamlDocuments } from '../render/template.ts'
import type { Mapping } from '../render/yaml.ts'
import { inputsDigest, inputsOfConfigMaps, withInputs } from './inputs.ts'
import { imageEdit, manifestReader } from './manifest.ts'
import { apiVariables, withNetworkOptions } from './network.ts'
import { controlPlaneLabel } from './node-marks.ts'
import { isIPv6Subnet } from './node.ts'
import { inApplyOrder, kubernetesObject, objectName, type KubernetesObject } from './object.ts'
import { imagesOf, upstreamImages, type ImageName } from './versions.ts'

/** A cluster whose inventory asks for Calico. */
export interface CalicoCluster extends Cluster {
  readonly cni: CalicoOptions
}

/** What Calico needs beyond the inventory. */
export interface CalicoView {
  /** The URL by which nodes reach the API. */
  readonly server: string
  /** The smallest MTU of the nodes' interfaces; undefined if it is not known. */
  readonly nodeMtu: number | undefined
}

const reader = manifestReader('Calico')
const configMapName = 'ConfigMap kube-system/calico-config'
const daemonSetName = 'DaemonSet kube-system/calico-node'
const controllersName = 'Deployment kube-system/calico-kube-controllers'
const containerName = 'calico-node'

/** Upstream's manifest with the cluster's pools, encapsulation, MTU, addresses and images; an error names what it does not find. */
export function calicoObjects(cluster: CalicoCluster, manifest: string, view: CalicoView): readonly KubernetesObject[] {
  const objects = reader.objects(manifest)
  const configMap = withConfiguration(only(objects, configMapName), cluster, view)
  const endpoint = servicesEndpoint(view)
  const daemonSet = withNodePods(only(objects, daemonSetName), cluster, [configMap, endpoint], view)
  const controllers = withControllers(only(objects, controllersName), cluster)
  const edited = new Map([configMap, daemonSet, controllers].map((object) => [objectName(object), object]))
  const wanted = objects.map((object) => edited.get(objectName(object)) ?? object)
  return inApplyOrder([...wanted, endpoint, ...typhaObjects(cluster, endpoint)])
}

/**
 * Upstream's optional word for where Calico on the nodes finds the API: as the node does. The service of the API is there only when
 * kube-proxy is, and who comes first would be a race that costs ten seconds.
 */
function servicesEndpoint({ server }: CalicoView): KubernetesObject {
  const metadata = { name: 'kubernetes-services-endpoint', namespace: 'kube-system' }
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: apiVariables(server) }
}

/** Whether Typha stands between Calico's pods and the API, which each of them would watch otherwise. */
export function usesTypha({ cni, hosts }: Pick<Cluster, 'cni' | 'hosts'>): boolean {
  return cni.name === 'calico' && hosts.length >= cni.typhaNodes
}

/** One for 150 nodes, as upstream advises, and three at least where there are as many nodes: it has a port of the host. */
function typhaObjects(cluster: CalicoCluster, endpoint: KubernetesObject): readonly KubernetesObject[] {
  if (!usesTypha(cluster)) return []
  const nodes = cluster.hosts.length
  const replicas = Math.min(nodes, Math.max(3, Math.ceil(nodes / 150)))
  // It finds the API as Calico on the nodes does, and only when it starts.
  const inputs = inputsDigest(inputsOfConfigMaps([endpoint]))
  const view = { image: imagesOf(cluster).calicoTypha, replicas, inputs }
  const template = 'network/calico-typha.yaml'
  return renderYamlDocuments(template, view).map((value) => kubernetesObject(value, `template ${template}`))
}

/** Bytes that each encapsulation adds to a packet; over IPv6 its header is 20 bytes longer. */
const overhead = { vxlan: 50, 'vxlan-cross-subnet': 50, ipip: 20, none: 0 } as const

/** The MTU of pods: the inventory's, or what the smallest of the nodes' interfaces leaves; 0 lets Calico look for itself. */
export function calicoMtu({ cni, networking }: CalicoCluster, { nodeMtu }: Pick<CalicoView, 'nodeMtu'>): number {
  if (cni.mtu !== undefined) return cni.mtu
  if (nodeMtu === undefined) return 0
  const ipv6 = networking.podSubnets.some(isIPv6Subnet)
  return nodeMtu - overhead[cni.encapsulation] - (ipv6 && overhead[cni.encapsulation] > 0 ? 20 : 0)
}

/** Whether routes between nodes travel by BGP. VXLAN needs none, so that a part of Calico need not run. */
export function usesBgp({ encapsulation }: Pick<CalicoOptions, 'encapsulation'>): boolean {
  return encapsulation === 'ipip' || encapsulation === 'none'
}

function withConfiguration(configMap: KubernetesObject, cluster: CalicoCluster, view: CalicoView): KubernetesObject {
  const data = reader.mapping(configMap, 'data')
  for (const key of ['calico_backend', 'veth_mtu']) reader.text(data, key, configMapName)
  return {
    ...configMap,
    data: {
      ...data,
      typha_service_name: usesTypha(cluster) ? 'calico-typha' : 'none',
      calico_backend: usesBgp(cluster.cni) ? 'bird' : 'vxlan',
      veth_mtu: String(calicoMtu(cluster, view)),
      cni_network_config: pluginConfiguration(
        reader.text(data, 'cni_network_config', configMapName),
        cluster.networking.podSubnets,
      ),
    },
  }
}

/** The plugin hands out IPv4 addresses unless it is told of the families. */
function pluginConfiguration(upstream: string, podSubnets: readonly string[]): string {
  if (!podSubnets.some(isIPv6Subnet)) return upstream
  // The MTU is a word that becomes a number on the host, so that this is JSON only when the word is in quotes.
  const quoted = upstream.replace(/:\s*(__\w+__)/g, ': "$1"')
  const configuration = reader.json(quoted, `cni_network_config of ${configMapName}`)
  const plugins = reader.mappings(configuration, 'plugins').map((plugin) => {
    if (plugin['type'] !== 'calico') return plugin
    const ipv4 = podSubnets.some((subnet) => !isIPv6Subnet(subnet))
    const families = { assign_ipv4: String(ipv4), assign_ipv6: 'true' }
    return { ...plugin, ipam: { ...reader.mapping(plugin, 'ipam'), ...families } }
  })
  return JSON.stringify({ ...configuration, plugins }, null, 2).replace(/"mtu": "(__\w+__)"/, '"mtu": $1')
}

function withNodePods(
  daemonSet: KubernetesObject,
  cluster: CalicoCluster,
  configMaps: readonly KubernetesObject[],
  { nodeMtu }: CalicoView,
): KubernetesObject {
  const known = nodeMtu === undefined ? undefined : { nodeMtu: String(nodeMtu) }
  return withPod(withNetworkOptions(withImages(daemonSet, cluster), cluster.cni, known), (template, pod) => {
    const containers = reader.mappings(pod, 'containers')
    if (!containers.some(({ name }) => name === containerName))
      throw reader.missing(`container ${containerName} in ${daemonSetName}`)
    const initial = reader.mappings(pod, 'initContainers').map(installer)
    const edited = containers.map((container) =>
      container['name'] === containerName ? nodeContainer(container, cluster) : container,
    )
    return {
      ...template,
      // Its environment is read from the ConfigMaps once, so a change of them has to make new pods.
      metadata: withInputs(template['metadata'], inputsOfConfigMaps(configMaps)),
      spec: { ...pod, initContainers: initial, containers: edited },
    }
  })
}

/** The common plugins on the host are ours: two who install them would undo each other's work for ever. */
const commonPlugins = ['bandwidth', 'flannel', 'host-local', 'loopback', 'portmap', 'tuning']

function installer(container: Mapping): Mapping {
  if (container['name'] !== 'install-cni') return container
  const env = reader.mappings(container, 'env')
  return { ...container, env: [...env, { name: 'SKIP_CNI_BINARIES', value: commonPlugins.join(',') }] }
}

function nodeContainer(container: Mapping, cluster: CalicoCluster): Mapping {
  const bgp = usesBgp(cluster.cni)
  const readiness = withArguments(container, 'readinessProbe', ['-felix-ready', ...(bgp ? ['-bird-ready'] : [])])
  return {
    ...container,
    env: withVariables(reader.mappings(container, 'env'), nodeEnvironment(cluster)),
    livenessProbe: withArguments(container, 'livenessProbe', ['-felix-live', ...(bgp ? ['-bird-live'] : [])]),
    readinessProbe: readiness,
    startupProbe: startup(withArguments(container, 'readinessProbe', ['-felix-ready'])),
  }
}

/**
 * Readiness is asked for every ten seconds, but until a pod is ready for the first time, others wait for it. A pod whose startup
 * fails is killed, which must not come of a slow host or of an API that is not there for some minutes.
 */
function startup(readiness: Mapping): Mapping {
  return { timeoutSeconds: 10, ...readiness, periodSeconds: 1, failureThreshold: 600 }
}

function withControllers(deployment: KubernetesObject, cluster: Cluster): KubernetesObject {
  return withPod(withImages(deployment, cluster), (template, pod) => {
    const containers = reader.mappings(pod, 'containers').map((container) => ({
      ...container,
      startupProbe: startup(reader.mapping(container, 'readinessProbe')),
    }))
    return { ...template, spec: { ...pod, ...onControlPlanes(pod, cluster), containers } }
  })
}

/**
 * Controllers run beside the API servers, so that only their hosts need the image. The inventory may give the label a value of its
 * own, which a selector would not match. Upstream tolerates the usual taint there, and no other.
 */
function onControlPlanes(pod: Mapping, { hosts }: Cluster): Mapping {
  const taints = hosts.filter(isControlPlane).flatMap((host) => host.taints)
  const others = new Set(taints.map(({ key }) => key).filter((key) => key !== controlPlaneLabel))
  const tolerations = [...others].map((key) => ({ key, operator: 'Exists' }))
  const labelled = { nodeSelectorTerms: [{ matchExpressions: [{ key: controlPlaneLabel, operator: 'Exists' }] }] }
  return {
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: labelled } },
    tolerations: [...reader.mappings(pod, 'tolerations'), ...tolerations],
  }
}

/** Variables that are there are changed where they are, so that a person can compare. */
function withVariables(env: readonly Mapping[], wanted: Readonly<Record<string, string>>): readonly Mapping[] {
  const known = new Set(env.map(({ name }) => name))
  const added = Object.entries(wanted).filter(([name]) => !known.has(name))
  return [
    ...env.map((variable) => {
      const value = wanted[String(variable['name'])]
      return value === undefined ? variable : { name: variable['name'], value }
    }),
    ...added.map(([name, value]) => ({ name, value })),
  ]
}

/** Whoever runs no BGP daemon must not ask for its health. */
function withArguments(container: Mapping, probe: string, args: readonly string[]): Mapping {
  const upstream = reader.mapping(container, probe)
  const exec = reader.mapping(upstream, 'exec')
  const [program] = reader.texts(exec, 'command')
  return { ...upstream, exec: { ...exec, command: [program, ...args] } }
}

/**
 * Pools, addresses and tunnel of a node. Calico makes the pools when its first pod starts. It finds the node's address by the
 * interface that comes first unless told otherwise, which is the wrong one on hosts with two networks.
 */
function nodeEnvironment({ cni, hosts, networking }: CalicoCluster): Readonly<Record<string, string>> {
  const ipv4 = networking.podSubnets.find((subnet) => !isIPv6Subnet(subnet))
  const ipv6 = networking.podSubnets.find(isIPv6Subnet)
  const vxlan = { vxlan: 'Always', 'vxlan-cross-subnet': 'CrossSubnet', ipip: 'Never', none: 'Never' }[
    cni.encapsulation
  ]
  const method = 'kubernetes-internal-ip'
  return {
    CLUSTER_TYPE: usesBgp(cni) ? 'k8s,bgp' : 'k8s',
    ...(ipv4 === undefined
      ? { IP: 'none', CALICO_ROUTER_ID: 'hash' }
      : {
          IP: 'autodetect',
          IP_AUTODETECTION_METHOD: method,
          CALICO_IPV4POOL_CIDR: ipv4,
          CALICO_IPV4POOL_BLOCK_SIZE: String(cni.blockSize),
          CALICO_IPV4POOL_IPIP: cni.encapsulation === 'ipip' ? 'Always' : 'Never',
          CALICO_IPV4POOL_VXLAN: vxlan,
        }),
    ...(ipv6 === undefined
      ? {}
      : {
          IP6: 'autodetect',
          IP6_AUTODETECTION_METHOD: method,
          CALICO_IPV6POOL_CIDR: ipv6,
          CALICO_IPV6POOL_BLOCK_SIZE: String(cni.ipv6BlockSize),
          CALICO_IPV6POOL_VXLAN: vxlan,
          CALICO_IPV6POOL_NAT_OUTGOING: 'true',
        }),
    ...(usesTypha({ cni, hosts }) ? { FELIX_TYPHAK8SSERVICENAME: 'calico-typha' } : {}),
    FELIX_IPV6SUPPORT: String(ipv6 !== undefined),
    FELIX_VXLANVNI: String(cni.vni),
    FELIX_VXLANPORT: String(cni.port),
  }
}

function withImages(object: KubernetesObject, cluster: Cluster): KubernetesObject {
  const image = imageEdit(reader, 'Calico', images(cluster))
  return withPod(object, (template, pod) => {
    const initial = 'initContainers' in pod ? { initContainers: reader.mappings(pod, 'initContainers').map(image) } : {}
    return { ...template, spec: { ...pod, ...initial, containers: reader.mappings(pod, 'containers').map(image) } }
  })
}

function withPod(object: KubernetesObject, edit: (template: Mapping, pod: Mapping) => Mapping): KubernetesObject {
  const spec = reader.mapping(object, 'spec')
  const template = reader.mapping(spec, 'template')
  return { ...object, spec: { ...spec, template: edit(template, reader.mapping(template, 'spec')) } }
}

function images({ kubernetesVersion, imageRepositories }: Cluster) {
  const upstream = upstreamImages(kubernetesVersion)
  const wanted = imagesOf({ kubernetesVersion, imageRepositories })
  const names: readonly ImageName[] = ['calicoNode', 'calicoCni', 'calicoKubeControllers']
  return names.map((name) => ({ upstream: upstream[name], wanted: wanted[name] }))
}

function only(objects: readonly KubernetesObject[], name: string): KubernetesObject {
  const found = objects.find((object) => objectName(object) === name)
  if (found === undefined) throw reader.missing(name)
  return found
}
