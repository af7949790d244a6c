import { loadInventory } from '../../inventory/load.ts'
import { limitedHosts } from '../limit.ts'
import { withHosts } from '../remote.ts'
import { readStatus } from '../status/read.ts'
import { statusText } from '../status/text.ts'
import type { Verb } from '../verb.ts'

/** Shows what the cluster is like right now. A host that does not answer is a line; only if none does it is an error. */
export const status: Verb = async (invocation) => {
  const { flags, io, screen } = invocation
  const { cluster } = await loadInventory(flags.inventory)
  const hosts = limitedHosts(cluster, flags.limit)
  return withHosts(invocation, hosts, async (transports, errors) => {
    const found = await readStatus(cluster, hosts, transports, errors, io.now())
    if (flags.output === 'json') screen.print(JSON.stringify({ formatVersion: 1, ...found }, undefined, 2))
    else screen.print(statusText(found, { style: screen.style, verbose: flags.verbose }))
    return transports.size === 0 ? 'connection' : 'success'
  })
}
