import { task } from '../../engine/task.ts'
import { etcdClientURL } from '../../kubernetes/component-flags.ts'
import { etcdSnapshot } from '../../resources/etcd-snapshot.ts'
import type { Context } from '../context.ts'
import { departing } from './leave.ts'

/** etcd's data is saved on the control plane that stays, before a member goes. */
export const etcdSnapshotTask = task<Context>({
  name: 'etcd/snapshot',
  summary: 'Save a snapshot of etcd',
  resources(context) {
    const going = departing(context)
    return going.length === 0 ? [] : [etcdSnapshot(going, { askedURL: etcdClientURL(context.facts.nodeIP) })]
  },
})
