import { etcdPeerURL } from '../../kubernetes/etcd-members.ts'
import type { Context } from '../context.ts'
import { checks, enumerate, error, isControlPlane, warning, type Check } from '../preflight/check.ts'
import { ownership, ownRecord } from '../preflight/ownership.ts'
import { controlPlanesOf } from './left.ts'

/** Only the inventory of its own cluster takes a host out of it. */
const foreignCluster: Check = (context) => {
  const record = context.facts.state.cluster
  if (record === undefined || ownership(context) !== 'foreign') return []
  const own = ownRecord(context)
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
  const { host, facts } = context
  const remaining = remainingControlPlanes(context)
  const { kubernetesFiles, manifests, etcdData } = facts.survey
  const isBare = facts.state.cluster === undefined && kubernetesFiles.length + manifests.length === 0
  if (remaining.length === 0 || isBare) return []
  const { claims, answering } = claimsOn(context, remaining)
  const leave = `Take it out of the cluster with "kubewright node remove ${host.name}", which cleans the host, too.`
  const ignoring = 'With --ignore LivingCluster it is reset all the same, and the cluster goes on counting on it.'
  if (claims.length > 0) {
    const message = `the cluster lives on ${enumerate(answering)}, and counts on this host: ${claims.join(', and ')}`
    return [error('LivingCluster', message, `${leave} ${ignoring}`)]
  }
  if (answering.length > 0) return []
  const silent = `${enumerate(remaining)} ${remaining.length === 1 ? 'does' : 'do'} not answer`
  if (isControlPlane(context) && etcdData) {
    const message = `${silent}, so whether etcd there counts on this host is not known; its data may be the last`
    return [error('LivingCluster', message, `See to the others first, or reset all hosts. ${ignoring}`)]
  }
  return [
    warning(
      'NodeRemains',
      `${silent}, so the Node ${host.name} may stay in the API`,
      `Then: kubectl delete node ${host.name}`,
    ),
  ]
}

/** Control planes that are not reset, but for those of which it is known that they are none yet. */
function remainingControlPlanes(context: Context): readonly string[] {
  const { fleet, observed } = context
  const bare = observed.controlPlanes.filter((view) => view.apiServer === 'absent' && !view.hasEtcdData)
  return controlPlanesOf(context).filter((name) => !fleet.has(name) && !bare.some((view) => view.host === name))
}

/** What those who remain have this host for, and which of them say so. */
function claimsOn(
  { host, facts, observed }: Context,
  remaining: readonly string[],
): { readonly claims: readonly string[]; readonly answering: readonly string[] } {
  const views = observed.controlPlanes.filter(
    (view) => remaining.includes(view.host) && (view.apiServer === 'up' || view.etcdMembers !== undefined),
  )
  const members = views.flatMap(({ etcdMembers }) => (etcdMembers === undefined ? [] : [etcdMembers]))[0] ?? []
  const own = etcdPeerURL(facts.nodeIP)
  const isMember = members.some(({ name, peerURLs }) => name === host.name || peerURLs.includes(own))
  const isNode = views.length > 0 && observed.nodes.some(({ name }) => name === host.name)
  const needed = Math.floor(members.length / 2) + 1
  return {
    claims: [
      ...(isMember ? [`as one of ${members.length} members of etcd, which needs ${needed} of them`] : []),
      ...(isNode ? ['as a node'] : []),
    ],
    answering: views.map((view) => view.host),
  }
}

/** Without its control planes a worker runs what it has until someone stops it. */
const remainingWorkers: Check = (context) => {
  const { cluster, host, fleet } = context
  const controlPlanes = controlPlanesOf(context)
  if (controlPlanes.some((name) => !fleet.has(name)) || host.name !== controlPlanes[0]) return []
  const names = cluster.hosts.map(({ name }) => name).filter((name) => !fleet.has(name))
  if (names.length === 0) return []
  const message = `${enumerate(names)} stay${names.length === 1 ? 's' : ''} behind as nodes of a cluster that is gone`
  return [warning('NodesRemain', message, 'Reset them, too, by the same inventory.')]
}

/** Whether the host may be reset, and what will be left elsewhere. */
export const resetCheck = checks('reset/check', 'Check whose host it is', {
  ResetForeignCluster: foreignCluster,
  UnknownCluster: unknownCluster,
  LivingCluster: livingCluster,
  RemainingWorkers: remainingWorkers,
})
