import { createHash } from 'node:crypto'
import type { Change, Resource } from './resource.ts'

/** A resource that is not as it shall be. */
export interface Due {
  readonly resource: Resource
  readonly change: Change
}

/**
 * Compares resources of one host in order. `changed` holds the ids that have changed before and is extended by those that are
 * due now, so that whatever reads a changed file is due as well.
 */
export function compareAll(
  resources: readonly Resource[],
  states: ReadonlyMap<string, unknown>,
  changed: Set<string>,
): readonly Due[] {
  const due: Due[] = []
  for (const resource of resources) {
    const change = resource.compare(states.get(resource.id)) ?? staleChange(resource, changed)
    if (change === undefined) continue
    due.push({ resource, change })
    // Who waits has not changed anything.
    if (change.verb !== 'wait') changed.add(resource.id)
  }
  return due
}

function staleChange(resource: Resource, changed: ReadonlySet<string>): Change | undefined {
  if (resource.stale === undefined || resource.inputs === undefined) return undefined
  const reasons = resource.inputs.includes('*') ? [...changed] : resource.inputs.filter((input) => changed.has(input))
  return reasons.length === 0 ? undefined : resource.stale(reasons)
}

/** Hex sha256 of what `compare` looked at; undefined for what changes by itself. */
export function stateDigest(resource: Resource, state: unknown): string | undefined {
  const relevant = resource.digest === undefined ? state : resource.digest(state)
  if (relevant === undefined || resource.gate !== undefined) return undefined
  return createHash('sha256').update(JSON.stringify(relevant)).digest('hex')
}
