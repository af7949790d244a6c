import { isNode } from '../../inventory/roles.ts'
import { runsEtcd } from '../../kubernetes/etcd-topology.ts'
import { isNodeLocal, manifestsDirectory } from '../../kubernetes/node.ts'
import type { Context } from '../context.ts'
import { checks, enumerate, error, isControlPlane, onNodes, refusal, warning, type Check } from './check.ts'
import { anotherNode, renamedHost } from './identity.ts'
import { ownership, ownRecord } from './ownership.ts'

/** A host belongs to one cluster; nothing is written on another's. */
const foreignCluster: Check = (context) => {
  const record = context.facts.state.cluster
  if (record === undefined || ownership(context) !== 'foreign') return []
  const own = ownRecord(context)
  const ours = own === undefined ? context.cluster.name : `${own.name} (${own.id})`
  return [
    refusal(
      'ForeignCluster',
      `the host belongs to the cluster ${record.name} (${record.id}), the inventory describes ${ours}`,
      'Remove the host from this inventory, or reset it with the inventory of its own cluster first.',
    ),
  ]
}

const staticPods = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'].map((name) => `${name}.yaml`)

const resetHint =
  'If the host may lose it, run "kubeadm reset" or "kubewright reset" there; if the cluster lives, take the host out of the inventory.'

/** Static pods of an earlier cluster, one finding each with kubeadm's id. */
const earlierManifests: Check = (context) => {
  if (ownership(context) !== 'none') return []
  return staticPods
    .filter((name) => context.facts.survey.manifests.includes(name))
    .map((name) => `${manifestsDirectory}/${name}`)
    .map((path) => error(fileAvailable(path), `${path} is a static pod of an earlier cluster`, resetHint))
}

/** Files that the kubelet runs, or would run, beside those that we know. */
const otherManifests: Check = (context) => {
  const proxy = isNodeLocal(context.cluster) && !isControlPlane(context) ? ['haproxy.yaml'] : []
  const ours = ownership(context) === 'ours' ? ['haproxy.yaml'] : proxy
  const known = new Set([...staticPods, ...ours])
  const others = context.facts.survey.manifests.filter((name) => !known.has(name))
  return others.map((name) => {
    const path = `${manifestsDirectory}/${name}`
    const original = staticPods.find((known) => name.startsWith(known))
    if (original !== undefined) {
      const message = `${path} looks like a copy of ${original}, and the kubelet runs it, whatever its name ends in`
      return error('StaticPodManifest', message, `Move it out of ${manifestsDirectory}.`)
    }
    return warning('StaticPodManifest', `${path} is a static pod that is not Kubewright's`, 'It is left alone.')
  })
}

/** What a host is in its cluster: neither a member of etcd nor an API server goes by not being mentioned. */
const role: Check = (context) => {
  const { host, facts } = context
  if (ownership(context) !== 'ours' || isControlPlane(context)) return []
  const has = staticPods.filter((name) => facts.survey.manifests.includes(name))
  const pods = isNode(host) ? has : has.filter((name) => name !== 'etcd.yaml')
  if (pods.length === 0) return []
  const [was, role] = pods.every((name) => name === 'etcd.yaml')
    ? (['a host of etcd', 'etcd'] as const)
    : (['a control plane', 'control-plane'] as const)
  const is = isNode(host) ? 'a worker' : 'a host of etcd'
  return [
    refusal(
      'Role',
      `${host.name} is ${was} of the living cluster (it has ${enumerate(pods)}), the inventory calls it ${is}`,
      `Give it the role ${role} again; to make ${is} of it, reset it while it still has that role.`,
    ),
  ]
}

/** Data of an earlier etcd, which a new member would take for its own. */
const etcdData: Check = (context) => {
  const { etcd } = context.host.directories
  if (!runsEtcd(context.cluster, context.host)) return []
  if (ownership(context) !== 'none' || !context.facts.survey.etcdData) return []
  return [
    error(
      `DirAvailable-${etcd.replaceAll('/', '-')}`,
      `${etcd} is not empty: it holds the data of an earlier etcd`,
      resetHint,
    ),
  ]
}

/** kubeadm has checks of their own for these; the rest of what an earlier cluster left is one finding. */
const kubeconfigs = ['/etc/kubernetes/kubelet.conf', '/etc/kubernetes/bootstrap-kubelet.conf']
const leftovers =
  /^\/etc\/kubernetes\/(?:admin|super-admin|controller-manager|scheduler)\.conf$|^\/var\/lib\/kubelet\/|^\/var\/lib\/cni\//

/** What an earlier node left. Certificates on a control plane are no leftovers: the user may have put an authority there. */
const earlierFiles: Check = (context) => {
  if (ownership(context) !== 'none') return []
  const files = context.facts.survey.kubernetesFiles
  const single = isControlPlane(context) ? kubeconfigs : [...kubeconfigs, '/etc/kubernetes/pki/ca.crt']
  const named = single.filter((path) => files.includes(path))
  const rest = files.filter((path) => leftovers.test(path))
  return [
    ...named.map((path) =>
      error(fileAvailable(path), `${path} is there: the host is or was a node of another cluster`, resetHint),
    ),
    ...(rest.length === 0
      ? []
      : [error('StaleState', `the host holds ${rest.length} files of an earlier cluster: ${some(rest)}`, resetHint)]),
  ]
}

/** Interfaces that only a network of Kubernetes makes. */
const networkLinks =
  /^(?:cni0|flannel\.\d+|flannel-v6\.\d+|flannel-wg.*|kube-ipvs0|vxlan(?:-v6)?\.calico|wireguard\.cali|cali[0-9a-f]{11}|cilium_\w+|kube-bridge|weave)$/

/** An old bridge with another node's subnet stops every new pod ("cni0 already has an IP address different from ..."). */
const earlierNetwork: Check = (context) => {
  const owner = ownership(context)
  if (owner === 'foreign') return []
  const leftover = owner === 'none' ? networkLinks : otherNetwork(context)
  const links = context.facts.survey.links.filter((name) => leftover?.test(name))
  if (links.length === 0) return []
  const remove = links.map((name) => `"ip link delete ${name}"`)
  return [
    error(
      'StaleNetwork',
      `the host has ${some(links)} of an earlier cluster's network`,
      `Remove what is left: ${some(remove)}.`,
    ),
  ]
}

/** Interfaces that the network of the inventory does not make. While the living cluster has the other network, that is a finding of its own. */
function otherNetwork({ cluster, observed }: Context): RegExp | undefined {
  const { name } = cluster.cni
  if (name === 'none' || observed.cnis.some((living) => living !== name)) return undefined
  return name === 'calico'
    ? /^(?:cni0|flannel\.\d+|flannel-v6\.\d+|flannel-wg.*)$/
    : /^(?:vxlan(?:-v6)?\.calico|wireguard\.cali|cali[0-9a-f]{11})$/
}

/** The file that each network installs; of your own it is not known. containerd takes the first one in the order of the names. */
const ownConfigurations = { flannel: '10-flannel.conflist', calico: '10-calico.conflist', none: undefined } as const

/** The example that containerd's bundle brings; the task network/cni-files removes it. */
const exampleConfiguration = '10-containerd-net.conflist'

/** Network configurations that would be used instead of ours, or beside it. */
const cniConfigurations: Check = ({ cluster, facts }) => {
  const ownConfiguration = ownConfigurations[cluster.cni.name]
  if (ownConfiguration === undefined) return []
  const foreign = facts.survey.cniConfigurations.filter(
    (name) => /\.(?:conf|conflist|json)$/.test(name) && name !== ownConfiguration && name !== exampleConfiguration,
  )
  return foreign.map((name) => {
    const path = `/etc/cni/net.d/${name}`
    if (name > ownConfiguration) {
      return warning(
        'CNIConfiguration',
        `${path} is not Kubewright's`,
        `It is left alone: ${ownConfiguration} comes before it.`,
      )
    }
    const message = `${path} comes before ${ownConfiguration}, so that pods would get their network from it`
    return error(
      'CNIConfiguration',
      message,
      'Remove it, with the program that it belongs to if that is not used any more.',
    )
  })
}

function fileAvailable(path: string): string {
  return `FileAvailable-${path.replaceAll('/', '-')}`
}

/** The first few of a list. */
function some(words: readonly string[]): string {
  return words.length <= 4 ? enumerate(words) : `${words.slice(0, 3).join(', ')} and ${words.length - 3} more`
}

/** Whether something else lives, or has lived, on the host. State under our own cluster's id is ours. */
export const preflightState = checks('preflight/state', 'Check for other clusters', {
  ForeignCluster: foreignCluster,
  EarlierManifests: earlierManifests,
  StaticPodManifest: otherManifests,
  Role: role,
  EtcdData: etcdData,
  StaleState: earlierFiles,
  StaleNetwork: onNodes(earlierNetwork),
  CNIConfiguration: onNodes(cniConfigurations),
  AnotherNode: anotherNode,
  RenamedHost: onNodes(renamedHost),
})
