import { task } from '../../engine/task.ts'
import { forgotten } from '../../resources/reset-identity.ts'
import type { Context } from '../context.ts'

/** Lets the host go: another cluster may take it. Of the reset itself the log stays, in `/var/log/kubewright`. */
export const resetIdentity = task<Context>({
  name: 'reset/identity',
  summary: 'Let the host go',
  resources: () => [forgotten()],
})
