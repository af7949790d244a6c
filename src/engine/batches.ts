import type { Due } from './compare.ts'
import type { Change, Resource } from './resource.ts'
import type { ReadyChange } from './target.ts'
import type { Step } from './task.ts'

/** The parts of a task between its gates: what comes after a gate is compared only when the gate is open. */
export function segmentsOf(step: Step): readonly (readonly Resource[])[] {
  const segments: Resource[][] = [[]]
  for (const resource of step.resources) {
    segments.at(-1)?.push(resource)
    if (resource.gate !== undefined) segments.push([])
  }
  return segments.filter((segment) => segment.length > 0)
}

/** Small writes travel together; whatever takes long or interrupts something goes alone, so that it can be seen. */
export function batches(due: readonly Due[]): readonly (readonly Due[])[] {
  const groups: Due[][] = []
  let open: Due[] | undefined
  for (const one of due) {
    if (!isSmall(one.change)) {
      groups.push([one])
      open = undefined
    } else if (open === undefined) {
      open = [one]
      groups.push(open)
    } else open.push(one)
  }
  return groups
}

function isSmall(change: Change): boolean {
  return change.actions.every(({ kind }) => kind !== 'run' && kind !== 'deliver')
}

/** Neighbours on one host go there by one execution. */
export function joined(
  parts: readonly { host: string; change: ReadyChange }[],
): readonly { host: string; changes: readonly ReadyChange[] }[] {
  const joinedParts: { host: string; changes: ReadyChange[] }[] = []
  for (const { host, change } of parts) {
    const last = joinedParts.at(-1)
    if (last?.host === host) last.changes.push(change)
    else joinedParts.push({ host, changes: [change] })
  }
  return joinedParts
}
