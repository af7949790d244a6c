import type { Facts, HostState, OperationRecord } from '../host/facts.ts'
import type { Cluster } from '../inventory/cluster.ts'
import { programVersion } from '../package.ts'
import { hostsForgotten, hostsOutside, isFor, limitedTo, type Scope } from './scope.ts'

interface Known {
  readonly playbook: { readonly name: string }
  readonly cluster: Cluster
  /** As the inventory has it written, if that differs from what shall be. */
  readonly before?: Cluster
  readonly facts: ReadonlyMap<string, Facts>
  readonly unfinished: OperationRecord | undefined
}

/** The unfinished operation of a host, the newest where there are several. */
function unfinishedOperation(cluster: Cluster, facts: ReadonlyMap<string, Facts>): OperationRecord | undefined {
  const records = [...facts.values()].flatMap(({ state }) =>
    state.operation === undefined || isForeign(state, cluster) ? [] : [state.operation],
  )
  return records.toSorted((one, other) => other.startedAt.localeCompare(one.startedAt))[0]
}

/** What was done to another cluster is no concern of this one. */
function isForeign({ cluster: record }: HostState, cluster: Cluster): boolean {
  return record !== undefined && record.name !== cluster.name
}

/** The unfinished operation that a run continues or, on the hosts that it is for, supersedes. */
export function unfinishedMet(
  scope: Scope,
  { cluster, facts }: Pick<Known, 'cluster' | 'facts'>,
): OperationRecord | undefined {
  const { playbook, limit } = scope
  if (playbook.destroys === true) return unfinishedOperation(cluster, limitedTo(hostsForgotten(scope), facts))
  const newest = unfinishedOperation(cluster, facts)
  if (limit.length === 0 || resumes(newest, { cluster, playbook })) return newest
  return unfinishedOperation(cluster, limitedTo(limit, facts))
}

/**
 * Hosts on which an operation was begun and not closed; they are closed with this one even if nothing is left to do there. On hosts
 * that the run is not for, only the one that it continues is: another is their own, or another cluster's. Whoever keeps a snapshot
 * for the run, or is not reset by it, has its own closed by whoever continues that.
 */
export function unfinishedHosts(
  scope: Scope,
  { id, facts }: { readonly id: string; readonly facts: ReadonlyMap<string, Facts> },
): readonly string[] {
  const [outside, forgotten] = [hostsOutside(scope), hostsForgotten(scope)]
  return [...facts].flatMap(([name, { state }]) => {
    if (scope.playbook.destroys === true ? !forgotten.includes(name) : outside.includes(name)) return []
    return state.operation !== undefined && (isFor(scope, name) || state.operation.id === id) ? [name] : []
  })
}

/** Whether this run continues that operation: the same playbook (a reset continues no apply), inventory and program. */
export function resumes(
  unfinished: OperationRecord | undefined,
  { cluster, playbook }: Pick<Known, 'cluster' | 'playbook'>,
): unfinished is OperationRecord {
  if (unfinished?.playbook !== playbook.name) return false
  return unfinished.inventory === cluster.inventory.digest && unfinished.program === programVersion
}

/** What the user should know of earlier runs before he says yes. */
export function noticesOf({ cluster, before = cluster, playbook, facts, unfinished }: Known): readonly string[] {
  const notices: string[] = []
  if (unfinished !== undefined) {
    const begun = `operation ${unfinished.id}, begun ${unfinished.startedAt} by ${unfinished.startedBy}`
    notices.push(
      resumes(unfinished, { cluster, playbook })
        ? `An unfinished run will be continued: ${begun}.`
        : `An unfinished run of another playbook, inventory or program version is superseded: ${begun}.`,
    )
  }
  const last = [...facts.values()]
    .filter(({ state }) => !isForeign(state, cluster))
    .map(({ state }) => state.cluster)
    .find((record) => record?.inventory !== undefined)
  if (last?.inventory !== undefined && last.inventory !== before.inventory.digest) {
    notices.push(
      `This inventory differs from the one that was applied last, by ${last.appliedBy} at ${last.appliedAt}.`,
    )
  }
  return notices
}
