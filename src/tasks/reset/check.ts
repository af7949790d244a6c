import { isControlPlane, isNode, isWorker } from '../../inventory/roles.ts'
import { etcdClientURL } from '../../kubernetes/component-flags.ts'
import { etcdPeerURL, type ListedMember } from '../../kubernetes/etcd-members.ts'
import { etcdHostLeaves, runsEtcd } from '../../kubernetes/etcd-topology.ts'
import { flagValue } from '../../kubernetes/flags.ts'
import type { Observed } from '../../kubernetes/observed.ts'
import { snapshotCheck } from '../../resources/etcd-snapshot.ts'
import type { Context } from '../context.ts'
import { memberNames, snapshotKeeper } from '../control-planes.ts'
import { checks, enumerate, error, warning, type Check } from '../preflight/check.ts'
import { ownership, ownRecord } from '../preflight/ownership.ts'
import { controlPlanesOf } from './left.ts'
import { losesData } from './snapshot.ts'

/** Only the inventory of its own cluster takes a host out of it. */
const foreignCluster: Check = (context) => {
  const record = context.facts.state.cluster
  // Whoever only keeps a snapshot does not say whose the hosts are that are reset.
  const fleet = new Map([...context.fleet].filter(([name]) => context.run.includes(name)))
  if (record === undefined || ownership({ ...context, fleet }) !== 'foreign') return []
  const own = ownRecord({ ...context, fleet })
  const ours = own === undefined ? context.cluster.name : `${own.name} (${own.id})`
  return [
    error(
      'ForeignCluster',
      `the host belongs to the cluster ${record.name} (${record.id}), the inventory describes ${ours}`,
      'Reset it with the inventory of its own cluster.',
    ),
  ]
}

/** State that nobody has signed: what kubeadm made, or what is left of a run that was cut off at its very end. */
const unknownCluster: Check = (context) => {
  const { kubernetesFiles, manifests, etcdData } = context.facts.survey
  if (context.facts.state.cluster !== undefined || kubernetesFiles.length + manifests.length === 0) return []
  const data = etcdData ? ', with the data of etcd' : ''
  return [
    warning(
      'UnknownCluster',
      `the host carries the state of a cluster that Kubewright did not make${data}: it is removed all the same`,
      'Say no if this host is not the one that you mean.',
    ),
  ]
}

/** A host on which a cluster counts that lives on elsewhere leaves it by another way. */
const livingCluster: Check = (context) => {
  const { cluster, host, facts } = context
  const remaining = remainingHosts(context)
  const { kubernetesFiles, manifests, etcdData } = facts.survey
  const isBare = facts.state.cluster === undefined && kubernetesFiles.length + manifests.length === 0
  if (remaining.length === 0 || isBare) return []
  const { claims, answering } = claimsOn(context, remaining)
  const leave = isNode(host)
    ? `Take it out of the cluster with "kubewright node remove ${host.name}", which cleans the host, too.`
    : etcdHostLeaves(host.name)
  const ignoring = 'With --ignore LivingCluster it is reset all the same, and the cluster goes on counting on it.'
  if (claims.length > 0) {
    const message = `the cluster lives on ${enumerate(answering)}, and counts on this host: ${claims.join(', and ')}`
    return [error('LivingCluster', message, `${leave} ${ignoring}`)]
  }
  if (answering.length > 0) return []
  const silent = `${enumerate(remaining)} ${remaining.length === 1 ? 'does' : 'do'} not answer`
  if (runsEtcd(cluster, host) && etcdData) {
    const message = `${silent}, so whether etcd there counts on this host is not known; its data may be the last`
    return [error('LivingCluster', message, `See to the others first, or reset all hosts. ${ignoring}`)]
  }
  if (!isNode(host)) return []
  return [
    warning(
      'NodeRemains',
      `${silent}, so the Node ${host.name} may stay in the API`,
      `Then: kubectl delete node ${host.name}`,
    ),
  ]
}

/** What the other members know is saved before the data of one goes, if any of them can be asked. */
const withoutSnapshot: Check = (context) => {
  const { cluster, host, facts, fleet } = context
  const others = remainingHosts(context).filter((name) => memberNames(context).includes(name))
  if (!runsEtcd(cluster, host) || !facts.survey.etcdData || others.length === 0) return []
  const keeper = fleet.get(snapshotKeeper(context, { destroys: true }) ?? '')
  const members = membersToldBy(others, context)
  const hasLeft = members.length > 0 && !members.some((member) => isOwn(member, context))
  if (hasLeft || (keeper !== undefined && losesData(facts, keeper))) return []
  return [
    warning(
      snapshotCheck,
      `no snapshot of etcd is saved before its data goes here: no member answers on ${enumerate(others)}`,
      `If nobody else has that data, copy ${host.directories.etcd} away first, while etcd is stopped.`,
    ),
  ]
}

/** Hosts that are not reset and may count on this one, but for those of which it is known that they have nothing of a cluster yet. */
function remainingHosts({ cluster, host, run, observed }: Context): readonly string[] {
  const bare = [
    ...observed.controlPlanes.filter((view) => view.apiServer === 'absent' && !view.hasEtcdData),
    ...emptyEtcdHosts(observed),
  ].map((view) => view.host)
  // What a node is, only API servers know.
  const mayCount = isNode(host) ? isControlPlane : (one: typeof host) => !isWorker(one)
  return cluster.hosts
    .filter((one) => mayCount(one) && !run.includes(one.name) && !bare.includes(one.name))
    .map(({ name }) => name)
}

/** Hosts that run etcd alone, of which it is known that they have no data. */
function emptyEtcdHosts({ etcdHosts }: Observed): Observed['etcdHosts'] {
  return etcdHosts.filter((view) => !view.hasEtcdData)
}

/** What those who remain have this host for, and which of them say so. */
function claimsOn(
  context: Context,
  remaining: readonly string[],
): { readonly claims: readonly string[]; readonly answering: readonly string[] } {
  const { host, facts, observed } = context
  const apiServers = observed.controlPlanes.filter((view) => remaining.includes(view.host) && answers(view))
  const etcdHosts = observed.etcdHosts.filter((view) => remaining.includes(view.host) && answers(view))
  const views = [...apiServers, ...etcdHosts]
  const members = membersToldBy(remaining, context)
  const isMember = members.some((member) => isOwn(member, context))
  const isKnown = apiServers.length > 0 && observed.nodes.some(({ name }) => name === host.name)
  const clients = apiServers.filter(({ etcdElsewhere }) => etcdElsewhere.includes(etcdClientURL(facts.nodeIP)))
  const isLast = members.length === 0 && clients.length > 0
  const needed = Math.floor(members.length / 2) + 1
  return {
    claims: [
      ...(isMember ? [`as one of ${members.length} members of etcd, which needs ${needed} of them`] : []),
      ...(isLast ? ['as the etcd of its API servers'] : []),
      ...(isKnown ? ['as a node'] : []),
    ],
    answering: views.map((view) => view.host),
  }
}

/** The members as the first of these hosts tells of them. */
function membersToldBy(names: readonly string[], { observed }: Context): readonly ListedMember[] {
  const views = [...observed.controlPlanes, ...observed.etcdHosts].filter((view) => names.includes(view.host))
  return views.find(({ etcdMembers }) => etcdMembers !== undefined)?.etcdMembers ?? []
}

function isOwn({ name, peerURLs }: ListedMember, { host, facts }: Context): boolean {
  return name === host.name || peerURLs.includes(etcdPeerURL(facts.nodeIP))
}

function answers(view: Partial<Observed['controlPlanes'][number]>): boolean {
  return view.apiServer === 'up' || view.etcdMembers !== undefined
}

/** All control planes are reset, and this is the first of them, which says once what stays. */
function endsControlPlanes(context: Context): boolean {
  const controlPlanes = controlPlanesOf(context)
  return context.host.name === controlPlanes[0] && controlPlanes.every((name) => context.run.includes(name))
}

/** Without its control planes a worker runs what it has until someone stops it. */
const remainingWorkers: Check = (context) => {
  const { cluster, run } = context
  if (!endsControlPlanes(context)) return []
  const names = cluster.hosts.filter((one) => isNode(one) && !run.includes(one.name)).map(({ name }) => name)
  if (names.length === 0) return []
  const message = `${enumerate(names)} stay${names.length === 1 ? 's' : ''} behind as nodes of a cluster that is gone`
  return [warning('NodesRemain', message, 'Reset them, too, by the same inventory.')]
}

/** What control planes have made is in etcd, wherever that is. */
const remainingEtcd: Check = (context) => {
  const { cluster, run, observed } = context
  if (!endsControlPlanes(context)) return []
  const empty = emptyEtcdHosts(observed).map((view) => view.host)
  const names = cluster.hosts
    .filter((one) => !isNode(one) && !run.includes(one.name) && !empty.includes(one.name))
    .map(({ name }) => name)
  if (names.length === 0) return []
  const message = `the objects of the cluster stay in etcd on ${enumerate(names)}`
  return [warning('EtcdRemains', message, 'Reset them, too, by the same inventory, before a new cluster is made.')]
}

/** What is in an etcd of the user's own is not ours to delete. */
const foreignEtcd: Check = (context) => {
  const { cluster } = context
  const { external } = cluster.etcd
  if (external === undefined || !endsControlPlanes(context)) return []
  const prefix = flagValue(cluster.apiServer.extraArgs, 'etcd-prefix') ?? '/registry'
  return [
    warning(
      'ExternalEtcd',
      `the objects of the cluster stay in the external etcd at ${enumerate(external.endpoints)}, below ${prefix}`,
      `Delete them there if nobody needs them: etcdctl del ${prefix}/ --prefix. A new cluster is not begun on top of them.`,
    ),
  ]
}

/** Whether the host may be reset, and what will be left elsewhere. */
export const resetCheck = checks('reset/check', 'Check whose host it is', {
  ResetForeignCluster: foreignCluster,
  UnknownCluster: unknownCluster,
  LivingCluster: livingCluster,
  EtcdSnapshot: withoutSnapshot,
  RemainingWorkers: remainingWorkers,
  RemainingEtcd: remainingEtcd,
  ExternalEtcd: foreignEtcd,
})
