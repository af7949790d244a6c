import { task } from '../../engine/task.ts'
import { timeService } from '../../resources/time-service.ts'
import type { Context } from '../context.ts'

/** Certificates and etcd need hosts that agree on the time. Whatever keeps it already is left alone. */
export const hostTime = task<Context>({
  name: 'host/time',
  summary: 'Keep the time',
  resources: ({ cluster, facts }) => [timeService({ manager: facts.packageManager, proxy: cluster.proxy })],
})
