import type { Cluster } from '../inventory/cluster.ts'
import { isControlPlane } from '../inventory/roles.ts'
import type { Mapping } from '../render/yaml.ts'
import { usesBgp, usesTypha, type CalicoCluster, type CalicoView } from './calico-options.ts'
import { inputsOfConfigMaps, withInputs } from './inputs.ts'
import { imageEdit, manifestReader } from './manifest.ts'
import { withNetworkOptions } from './network.ts'
import { controlPlaneLabel } from './node-marks.ts'
import { isIPv6Subnet } from './node.ts'
import { objectName, type KubernetesObject } from './object.ts'
import { imagesOf, upstreamImages, type ImageName } from './versions.ts'

const reader = manifestReader('Calico')
const containerName = 'calico-node'

/** calico-node with the pools, addresses and images of the cluster; its pods are made anew when one of these ConfigMaps changes. */
export function withNodePods(
  daemonSet: KubernetesObject,
  cluster: CalicoCluster,
  configMaps: readonly KubernetesObject[],
  { nodeMtu }: CalicoView,
): KubernetesObject {
  const known = nodeMtu === undefined ? undefined : { nodeMtu: String(nodeMtu) }
  return withPod(withNetworkOptions(withImages(daemonSet, cluster), cluster.cni, known), (template, pod) => {
    const containers = reader.mappings(pod, 'containers')
    if (!containers.some(({ name }) => name === containerName))
      throw reader.missing(`container ${containerName} in ${objectName(daemonSet)}`)
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

/** The controllers, on control planes and with the images of the cluster. */
export function withControllers(deployment: KubernetesObject, cluster: Cluster): KubernetesObject {
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
