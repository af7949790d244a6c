import { task } from '../../engine/task.ts'
import { etcdClientURL } from '../../kubernetes/component-flags.ts'
import { etcdPeerURL } from '../../kubernetes/etcd-members.ts'
import type { GoingMember } from '../../resources/etcd-departure.ts'
import { etcdSnapshot, snapshotCheck } from '../../resources/etcd-snapshot.ts'
import type { Context } from '../context.ts'
import { memberNames, nodeIPOf } from '../control-planes.ts'
import { departing } from './leave.ts'

/** etcd's data is saved on a host that stays, before a member goes: with its node, or because it is lost and its host joins anew. */
export const etcdSnapshotTask = task<Context>({
  name: 'etcd/snapshot',
  summary: 'Save a snapshot of etcd',
  resources(context) {
    const going = [...departing(context), ...withoutData(context)]
    if (going.length === 0) return []
    const { cluster, facts } = context
    const leftOut = cluster.preflight.ignore.includes(snapshotCheck)
    const { nodeIP, survey } = facts
    return [etcdSnapshot(going, { askedURL: etcdClientURL(nodeIP), hasData: survey.etcdData, leftOut })]
  },
})

/** The hosts of this run that have no data of etcd: a member that is known by their names was lost, and goes when they join. */
function withoutData(context: Context): readonly GoingMember[] {
  const { host, run, observed } = context
  const empty = [...observed.controlPlanes, ...observed.etcdHosts].filter((view) => !view.hasEtcdData)
  return memberNames(context)
    .filter((name) => name !== host.name && run.includes(name) && empty.some((view) => view.host === name))
    .map((name) => ({
      name,
      peerURLs: [nodeIPOf(context, name) ?? []].flat().map(etcdPeerURL),
      otherPeerURLs: [],
      joins: true,
    }))
}
