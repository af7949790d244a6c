import { task } from '../../engine/task.ts'
import { etcdClientURL } from '../../kubernetes/component-flags.ts'
import { etcdPeerURL } from '../../kubernetes/etcd-members.ts'
import { etcdDeparture, type DepartingMember } from '../../resources/etcd-departure.ts'
import type { Context } from '../context.ts'

/** The member of the host that goes leaves etcd. */
export const etcdLeave = task<Context>({
  name: 'etcd/leave',
  summary: 'Remove the member of etcd',
  resources: (context) => departing(context).map(etcdDeparture),
})

/** The member that goes, if one does. */
export function departing(context: Context): readonly DepartingMember[] {
  const { facts, nodes } = context
  if (nodes?.leaving === undefined || !nodes.leaving.runsEtcd || !nodes.leaving.hasMember) return []
  const { name, nodeIPs, successorIP, joinsEtcd, reached } = nodes.leaving
  return [
    {
      name,
      peerURLs: nodeIPs.map(etcdPeerURL),
      otherPeerURLs: successorIP === undefined ? [] : [etcdPeerURL(successorIP)],
      joins: joinsEtcd,
      askedURL: etcdClientURL(facts.nodeIP),
      offline: !reached && !nodes.joining.includes(name),
    },
  ]
}
