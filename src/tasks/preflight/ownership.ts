import type { ClusterRecord } from '../../host/facts.ts'
import type { Context } from '../context.ts'

/**
 * Whether the host is ours, another cluster's, or nobody's. The id of our cluster is the one that its first host with our name
 * carries, control planes before workers: an inventory knows only the name.
 */
export function ownership(context: Context): 'ours' | 'foreign' | 'none' {
  const record = context.facts.state.cluster
  if (record === undefined) return 'none'
  return record.name === context.cluster.name && record.id === ownRecord(context)?.id ? 'ours' : 'foreign'
}

/** The record of our cluster on the first host that has one. */
export function ownRecord({ cluster, fleet }: Pick<Context, 'cluster' | 'fleet'>): ClusterRecord | undefined {
  const controlPlanesFirst = cluster.hosts.toSorted((one, other) => rank(one.roles) - rank(other.roles))
  const records = controlPlanesFirst.map(({ name }) => fleet.get(name)?.state.cluster)
  return records.find((record) => record?.name === cluster.name)
}

function rank(roles: readonly string[]): number {
  return roles.includes('control-plane') ? 0 : 1
}
