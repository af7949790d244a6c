import type { Finding } from '../../engine/resource.ts'
import { isStacked } from '../../kubernetes/etcd-topology.ts'
import { lastingOptions } from '../../kubernetes/network.ts'
import { apiServerPort } from '../../kubernetes/node.ts'
import type { Context } from '../context.ts'
import { etcdAuthority, memberNames } from '../control-planes.ts'
import { checks, enumerate, error, speaksForCluster, refusal, warning, type Check } from './check.ts'
import { ownership, ownRecord } from './ownership.ts'

/** What the living cluster was made with and the inventory now says otherwise. Until a command for it exists, it is refused. */
const changes: Check = (context) => {
  const { cluster, observed } = context
  const { living } = observed
  if (living === undefined || !speaksForCluster(context)) return []
  const { networking, kubernetesVersion } = cluster
  return [
    ...changed(
      'KubernetesVersion',
      'Kubernetes version',
      living.kubernetesVersion,
      kubernetesVersion,
      'an upgrade has an order of its own',
    ),
    ...changed(
      'PodSubnet',
      'pod subnet',
      living.podSubnets?.join(','),
      networking.podSubnets.join(','),
      'nodes and pods have their addresses from it',
    ),
    ...changed(
      'ServiceSubnet',
      'service subnet',
      living.serviceSubnets?.join(','),
      networking.serviceSubnets.join(','),
      'services and certificates have their addresses from it',
    ),
    ...changed(
      'DNSDomain',
      'DNS domain',
      living.dnsDomain,
      networking.dnsDomain,
      'pods, certificates and tokens carry it',
    ),
    ...changed(
      'APIServerPort',
      'port of the API servers',
      living.apiServerPort?.toString(),
      apiServerPort(cluster).toString(),
      'kubeconfigs, proxies and load balancers name it',
    ),
  ]
}

function changed(
  check: string,
  what: string,
  living: string | undefined,
  wanted: string,
  why: string,
): readonly Finding[] {
  if (living === undefined || living === wanted) return []
  const message = `the living cluster has the ${what} ${living}, the inventory says ${wanted}; apply cannot change it, because ${why}`
  return [refusal(check, message, `Set the ${what} in the inventory back to ${living}.`)]
}

/** Another network in the API than the inventory's. */
const cni: Check = (context) => {
  const { cluster, observed } = context
  if (!speaksForCluster(context)) return []
  // A network of the user's own may be any; but then it is not ours.
  const living = cluster.cni.name === 'none' ? [observed.network?.['name'] ?? []].flat() : observed.cnis
  const others = living.filter((name) => name !== cluster.cni.name)
  if (others.length === 0) return changedOptions(context)
  const message = `the living cluster has the network ${enumerate(others)}, the inventory says ${cluster.cni.name}; apply cannot change it, because all pods would lose theirs`
  return [refusal('CNI', message, `Set spec.cni to ${others[0]}, or remove it from the cluster first.`)]
}

/** An option of the network that it cannot change while pods use it. */
const changedOptions: Check = ({ cluster, observed }) => {
  const living = observed.network
  if (living === undefined) return []
  const wanted = lastingOptions(cluster.cni)
  const names = [...new Set([...Object.keys(living), ...Object.keys(wanted)])].filter((name) => name !== 'nodeMtu')
  // With another backend it is no wonder that the options of that one differ.
  const [kind] = ['backend', 'encapsulation'].filter((name) => living[name] !== wanted[name])
  return (kind === undefined ? names : [kind])
    .filter((name) => living[name] !== wanted[name])
    .map((name) => {
      const [had = 'none', has = 'none'] = [living[name], wanted[name]]
      const message = `the network ${cluster.cni.name} of the living cluster has the ${name} ${had}, the inventory says ${has}; apply cannot change it, because pods would not reach those on other nodes`
      return refusal('CNIOption', message, `Set spec.cni.${name} back to ${had}.`)
    })
}

/** A node's name is its identity: certificates, etcd's member and the Node object carry it. */
const nodeName: Check = ({ cluster, host, facts, observed }) => {
  const renamed = observed.nodes.find(
    ({ name, internalIPs }) => name !== host.name && facts.nodeIP !== '' && internalIPs.includes(facts.nodeIP),
  )
  if (renamed === undefined || cluster.hosts.some(({ name }) => name === renamed.name)) return []
  const message = `the host with the address ${facts.nodeIP} is the node ${renamed.name} of the living cluster, the inventory calls it ${host.name}; apply cannot rename it`
  return [
    refusal(
      'NodeName',
      message,
      `Name the host ${renamed.name} in the inventory, or remove the node from the cluster first.`,
    ),
  ]
}

/** Nodes that the inventory does not know are told, never removed. */
const unknownNodes: Check = (context) => {
  if (!speaksForCluster(context)) return []
  const { cluster, fleet, observed } = context
  const addresses = new Set([...fleet.values()].map(({ nodeIP }) => nodeIP))
  const unknown = observed.nodes
    .filter(({ name }) => !cluster.hosts.some((host) => host.name === name))
    // A host with another name has a finding of its own.
    .filter(({ internalIPs }) => !internalIPs.some((address) => addresses.has(address)))
  if (unknown.length === 0) return []
  const names = unknown.map(({ name }) => name)
  return [
    warning(
      'UnknownNode',
      `the living cluster has ${unknown.length === 1 ? 'the node' : 'the nodes'} ${enumerate(names)}, which the inventory does not name`,
      'Kubewright leaves nodes alone that are not in the inventory.',
    ),
  ]
}

/** Kubelets of another minor than the cluster's, for which an upgrade is due that apply does not do. */
const nodeVersions: Check = ({ host, observed, cluster }) => {
  const node = observed.nodes.find(({ name }) => name === host.name)
  const version = node?.kubeletVersion ?? ''
  if (version === '' || version === cluster.kubernetesVersion) return []
  // The cluster's own version has a finding already.
  if (
    observed.living?.kubernetesVersion !== undefined &&
    observed.living.kubernetesVersion !== cluster.kubernetesVersion
  )
    return []
  const message = `the kubelet of this node is ${version}, the cluster is ${cluster.kubernetesVersion}; apply does not upgrade nodes`
  return [
    error(
      'KubeletVersion',
      message,
      'Upgrade the node first, or set the Kubernetes version in the inventory to the one that runs.',
    ),
  ]
}

/** The authorities on the control planes are the same, and somebody has their keys. */
const authorities: Check = (context) => {
  if (!speaksForCluster(context)) return []
  return Object.entries(context.observed.authorities).flatMap(([name, { certificateOn, keyOn, differsOn }]) => {
    const path = `/etc/kubernetes/pki/${name}.crt`
    // That of an etcd of the user's own may be on its way from one to another.
    const isForeign = name === etcdAuthority.path && context.cluster.etcd.external !== undefined
    if (differsOn.length > 0 && !isForeign) {
      const [first = ''] = certificateOn
      const message = `${path} on ${enumerate(differsOn)} is another certificate than on ${first}: these are two clusters`
      return [error('Authority', message, 'Find out which one lives, and reset the other hosts.')]
    }
    if (keyOn.length > 0 || (name === etcdAuthority.path && isKeyElsewhere(context))) return []
    const message = `${path} is on ${enumerate(certificateOn)}, its key on no control plane; authorities outside of the cluster are not supported yet`
    return [
      error(
        'ExternalCA',
        message,
        `Put the key beside it as ${path.replace(/crt$/, 'key')} (0600), or remove the certificate.`,
      ),
    ]
  })
}

/** The key of etcd's authority is where etcd is run: by somebody else, or on hosts that this run does not reach. */
function isKeyElsewhere(context: Context): boolean {
  const { cluster, observed } = context
  return (
    cluster.etcd.external !== undefined ||
    (!isStacked(cluster) && observed.etcdHosts.length < memberNames(context).length)
  )
}

/** etcd's majority is what counts: an even number of members survives no more than one less of them. */
const quorum: Check = (context) => {
  const count = memberNames(context).length
  if (count % 2 === 1 || count === 0 || !speaksForCluster(context)) return []
  const lost = count / 2 - 1
  const [check, what] = isStacked(context.cluster)
    ? (['ControlPlanes', 'control planes'] as const)
    : (['EtcdHosts', 'hosts of etcd'] as const)
  const message = `${count} ${what} survive the loss of ${lost === 0 ? 'none' : lost} of them, no more than ${count - 1} do`
  return [warning(check, message, `Use ${count - 1} or ${count + 1}.`)]
}

/** Two etcds on the hosts of one inventory, as when a member has lost its data and began anew alone. */
const etcdMembers: Check = (context) => {
  if (!speaksForCluster(context)) return []
  const { controlPlanes, etcdHosts } = context.observed
  const lists = [...controlPlanes, ...etcdHosts].flatMap(({ host, etcdMembers }) =>
    etcdMembers === undefined
      ? []
      : [
          {
            host,
            members: etcdMembers
              .flatMap(({ peerURLs }) => peerURLs)
              .toSorted()
              .join(', '),
          },
        ],
  )
  const [first] = lists
  const others = lists.filter(({ members }) => members !== first?.members)
  if (first === undefined || others.length === 0) return []
  const told = [first, ...others].map(({ host, members }) => `${host} knows ${members}`)
  return [
    refusal(
      'EtcdMembers',
      `${etcdHosts.length > 0 ? 'the hosts of etcd' : 'the control planes'} have different lists of etcd's members: ${told.join('; ')}`,
      'Find out which one has the data of the cluster (etcdctl endpoint status), and reset the others.',
    ),
  ]
}

/** A cluster that does not answer cannot be compared. */
const api: Check = (context) => {
  if (context.observed.api !== 'unknown' || !speaksForCluster(context)) return []
  const message =
    'there is a cluster on the control planes, but its API does not answer: what is in it is decided when it does'
  return [
    warning(
      'API',
      message,
      'Nothing has to be done if the installation was interrupted; else see "journalctl -u kubelet".',
    ),
  ]
}

/** The cluster that lives on the control planes is this one: what another's looks like is no concern of this inventory. */
function ofOurs(examine: Check): Check {
  return (context) => (ownRecord(context) === undefined || ownership(context) === 'foreign' ? [] : examine(context))
}

/** Whether the inventory asks for something that cannot be done to the cluster that lives. */
export const preflightCluster = checks('preflight/cluster', 'Check the living cluster', {
  Changes: ofOurs(changes),
  CNI: ofOurs(cni),
  NodeName: ofOurs(nodeName),
  UnknownNode: ofOurs(unknownNodes),
  KubeletVersion: ofOurs(nodeVersions),
  Authorities: authorities,
  ControlPlanes: quorum,
  EtcdMembers: ofOurs(etcdMembers),
  API: ofOurs(api),
})
