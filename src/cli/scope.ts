import type { Agenda } from '../engine/task.ts'
import type { ClusterRecord, Facts } from '../host/facts.ts'
import type { Cluster } from '../inventory/cluster.ts'
import { ownRecord } from '../tasks/preflight/ownership.ts'
import { resetIdentity } from '../tasks/reset/identity.ts'

/** What says which hosts a run is for. */
export interface Scope {
  readonly agenda: Agenda
  readonly playbook: { readonly name: string; readonly destroys?: boolean }
  /** Names of hosts; empty means all. */
  readonly limit: readonly string[]
}

/** Whether a run is for a host, or only passes there. */
export function isFor({ limit }: Pick<Scope, 'limit'>, name: string): boolean {
  return limit.length === 0 || limit.includes(name)
}

/** Those that keep a snapshot for a run which is not for them. */
export function hostsOutside({ agenda, limit }: Scope): readonly string[] {
  const names = agenda.phases.flatMap(({ hosts }) => hosts.map(({ host }) => host))
  return names.filter((name) => !isFor({ limit }, name))
}

/** Those that belong to no cluster after the run. */
export function hostsForgotten({ agenda }: Pick<Scope, 'agenda'>): readonly string[] {
  const parts = agenda.phases.flatMap(({ hosts }) => hosts)
  return parts.filter(({ steps }) => steps.some(({ task }) => task === resetIdentity.name)).map(({ host }) => host)
}

/** The facts of these hosts alone. */
export function limitedTo(names: readonly string[], facts: ReadonlyMap<string, Facts>): ReadonlyMap<string, Facts> {
  return new Map([...facts].filter(([name]) => names.includes(name)))
}

/** The cluster of the hosts that a run is for; whoever resets a host and ignores whose it is has said whose hosts are destroyed. */
export function recordOf(
  scope: Scope,
  { cluster, facts }: { readonly cluster: Cluster; readonly facts: ReadonlyMap<string, Facts> },
): ClusterRecord | undefined {
  if (scope.playbook.destroys !== true) return ownRecord({ cluster, fleet: facts })
  const fleet = limitedTo(hostsForgotten(scope), facts)
  return ownRecord({ cluster, fleet }) ?? [...fleet.values()].flatMap(({ state }) => state.cluster ?? [])[0]
}
