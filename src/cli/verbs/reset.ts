import type { Prepared } from '../operate.ts'
import { execute } from '../execution.ts'
import { limitedHosts } from '../limit.ts'
import { counted } from '../render/text.ts'
import type { Verb } from '../verb.ts'

/** Takes the cluster off its hosts, with all that it holds; off the named ones alone, if some are named. */
export const reset: Verb = async (invocation) => {
  const { flags } = invocation
  const limit = [...flags.limit, ...flags.names]
  return execute(
    { ...invocation, flags: { ...flags, limit } },
    {
      playbook: 'reset',
      unchanged: 'Nothing to reset: the hosts hold nothing of this cluster.',
      question: ({ cluster, plan }) => {
        const hosts = limitedHosts(cluster, limit)
        const whole = hosts.length === cluster.hosts.length
        const names = whole ? '' : ` (${hosts.map(({ name }) => name).join(', ')})`
        const what = `${whole ? 'the cluster' : 'what is of the cluster'} ${cluster.name} on ${counted(hosts.length, 'host')}${names}`
        const text = `${databases(plan)}This destroys ${what}, with its data. To go on, type its name (or no):`
        return { text, answer: cluster.name }
      },
    },
  )
}

/** What cannot be had back from elsewhere, with its size, in the words of the plan. */
function databases({ changes }: Prepared['plan']): string {
  return changes
    .filter(({ resource }) => resource === 'erased:etcd')
    .map(({ host, change }) => `[${host}] ${change.summary}\n`)
    .join('')
}
