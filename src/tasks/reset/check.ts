import { flagValue } from '../../kubernetes/flags.ts'
import { firstControlPlane, isNode, isWorker } from '../../kubernetes/node.ts'
import { checks, enumerate, error, warning, type Check } from '../preflight/check.ts'
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

/** Whoever is reset alone is still known to those who remain. */
const remainingCluster: Check = (context) => {
  const { host, fleet, facts } = context
  if (!isNode(host)) return remainingEtcd(context)
  const remaining = controlPlanesOf(context).filter((name) => !fleet.has(name))
  if (remaining.length === 0) return []
  if (host.roles.includes('control-plane') && facts.survey.etcdData) {
    return [
      error(
        'EtcdMember',
        `etcd on ${enumerate(remaining)} still counts this host as a member, and may lose its quorum without it`,
        'Remove the member first (etcdctl member remove), or reset all hosts.',
      ),
    ]
  }
  const message = `the Node ${host.name} stays in the API of ${enumerate(remaining)}`
  return [warning('NodeRemains', message, `Delete it there: kubectl delete node ${host.name}`)]
}

/** A host of etcd is missed by the other members, and by the API servers. */
const remainingEtcd: Check = ({ cluster, fleet, facts }) => {
  const remaining = cluster.hosts.filter((one) => !isWorker(one) && !fleet.has(one.name)).map(({ name }) => name)
  if (remaining.length === 0 || !facts.survey.etcdData) return []
  return [
    error(
      'EtcdMember',
      `${enumerate(remaining)} still count on the member of etcd on this host, and may lose the quorum without it`,
      'Remove the member first (etcdctl member remove), or reset all hosts.',
    ),
  ]
}

/** Without its control planes a worker runs what it has until someone stops it. */
const remainingWorkers: Check = (context) => {
  const { cluster, host, fleet } = context
  const controlPlanes = controlPlanesOf(context)
  if (controlPlanes.some((name) => !fleet.has(name)) || host.name !== controlPlanes[0]) return []
  const names = cluster.hosts.filter((one) => isNode(one) && !fleet.has(one.name)).map(({ name }) => name)
  if (names.length === 0) return []
  const message = `${enumerate(names)} stay${names.length === 1 ? 's' : ''} behind as nodes of a cluster that is gone`
  return [warning('NodesRemain', message, 'Reset them, too, by the same inventory.')]
}

/** What is in an etcd of the user's own is not ours to delete. */
const foreignEtcd: Check = ({ cluster, host }) => {
  const { external } = cluster.etcd
  if (external === undefined || host.name !== firstControlPlane(cluster.hosts).name) return []
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
  RemainingCluster: remainingCluster,
  RemainingWorkers: remainingWorkers,
  ExternalEtcd: foreignEtcd,
})
