import { KubewrightError } from '../engine/errors.ts'
import type { Cluster, Host } from '../inventory/cluster.ts'
import { nearest } from '../inventory/nearest.ts'

/** The hosts that `--limit` (or the words after the command) name, all without it; throws KW5004 for a name that the inventory does not have. */
export function limitedHosts(cluster: Cluster, limit: readonly string[]): readonly Host[] {
  const names = cluster.hosts.map(({ name }) => name)
  const unknown = limit.find((name) => !names.includes(name))
  if (unknown !== undefined) {
    const close = nearest(unknown, names)
    throw new KubewrightError({
      code: 'KW5004',
      exit: 'usage',
      message: `${unknown} is not a host of the inventory`,
      hint: close === undefined ? `Its hosts are ${names.join(', ')}.` : `Did you mean ${close}?`,
    })
  }
  return limit.length === 0 ? cluster.hosts : cluster.hosts.filter(({ name }) => limit.includes(name))
}
