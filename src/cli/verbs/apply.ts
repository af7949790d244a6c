import { resolve } from 'node:path'
import { readSavedPlan } from '../../engine/saved-plan.ts'
import { execute } from '../execution.ts'
import type { Verb } from '../verb.ts'

/** Makes the hosts what the inventory says, after showing what that means. */
export const apply: Verb = async (invocation) => {
  const { flags, io } = invocation
  const announced = flags.plan === undefined ? undefined : await readSavedPlan(resolve(io.cwd, flags.plan))
  return execute(invocation, {
    playbook: 'cluster',
    question: () => ({ text: 'Apply these changes? (yes/no)', answer: 'yes' }),
    ...(announced === undefined ? {} : { announced }),
    next: 'Next: `kubewright status` shows the cluster, `kubewright kubeconfig` fetches the way into it.',
  })
}
