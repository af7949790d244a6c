import { task } from '../../engine/task.ts'
import type { Facts } from '../../host/facts.ts'
import { etcdClientURL } from '../../kubernetes/component-flags.ts'
import { etcdPeerURL } from '../../kubernetes/etcd-members.ts'
import { etcdSnapshot, snapshotCheck } from '../../resources/etcd-snapshot.ts'
import type { Context } from '../context.ts'
import { memberNames } from '../control-planes.ts'

/** etcd's data is saved on a host that is not reset, before the data of other members goes. */
export const resetSnapshot = task<Context>({
  name: 'reset/snapshot',
  summary: 'Save a snapshot of etcd',
  resources(context) {
    const { cluster, host, facts, fleet, run } = context
    const going = memberNames(context).flatMap((name) => {
      const its = fleet.get(name)
      if (name === host.name || !run.includes(name) || its === undefined || !losesData(its, facts)) return []
      return [{ name, peerURLs: [etcdPeerURL(its.nodeIP)], otherPeerURLs: [], joins: false }]
    })
    if (going.length === 0) return []
    const leftOut = cluster.preflight.ignore.includes(snapshotCheck)
    return [etcdSnapshot(going, { askedURL: etcdClientURL(facts.nodeIP), erases: true, hasData: true, leftOut })]
  },
})

/** Whether a host has data of etcd that a reset erases, and is of the cluster of the one that keeps a snapshot. */
export function losesData({ survey, state }: Facts, keeper: Facts): boolean {
  return survey.etcdData && state.cluster !== undefined && state.cluster.id === keeper.state.cluster?.id
}
