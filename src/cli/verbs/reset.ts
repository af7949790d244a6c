import { execute } from '../execution.ts'
import { limitedHosts } from '../limit.ts'
import { counted } from '../render/text.ts'
import type { Verb } from '../verb.ts'

/** Takes the cluster off its hosts, with all that it holds. */
export const reset: Verb = async (invocation) =>
  execute(invocation, {
    playbook: 'reset',
    unchanged: 'Nothing to reset: the hosts hold nothing of this cluster.',
    question: ({ cluster }) => {
      const hosts = counted(limitedHosts(cluster, invocation.flags.limit).length, 'host')
      const text = `This destroys the cluster ${cluster.name} on ${hosts}, with its data. To go on, type its name (or no):`
      return { text, answer: cluster.name }
    },
  })
