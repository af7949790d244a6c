import type { ListedMember } from './etcd-members.ts'

/** A member of etcd, and whether it answers. */
export interface CountedMember extends ListedMember {
  readonly healthy: boolean
}

/** How many of the voters must live so that etcd decides anything. */
export function majorityOf(voters: number): number {
  return Math.floor(voters / 2) + 1
}

/** Whether etcd can let a member go, and the arithmetic of it in words. */
export interface Departure {
  readonly possible: boolean
  readonly arithmetic: string
}

/** What the departure of a member means for the votes: those who remain and live must be the majority of those who remain. */
export function departureOf(leaving: CountedMember, members: readonly CountedMember[]): Departure {
  const voters = members.filter(({ learner }) => !learner)
  const remaining = voters.filter(({ id }) => id !== leaving.id)
  const living = remaining.filter(({ healthy }) => healthy)
  const needed = majorityOf(remaining.length)
  const arithmetic =
    `etcd has ${counted(voters.length)}, without ${labelOf(leaving)} ${remaining.length}: ` +
    `${needed} of ${remaining.length === 1 ? 'it' : 'them'} must live, ${living.length} ${living.length === 1 ? 'does' : 'do'}` +
    (living.length === 0 ? '' : ` (${living.map(labelOf).join(', ')})`)
  if (leaving.learner) return { possible: true, arithmetic: `${labelOf(leaving)} is a learner, which has no vote` }
  return { possible: remaining.length > 0 && living.length >= needed, arithmetic }
}

/** A member by its name, or by its address while it was never started. */
export function labelOf({ name, peerURLs }: ListedMember): string {
  return name === '' ? peerURLs.join(', ') : name
}

function counted(voters: number): string {
  return `${voters} voter${voters === 1 ? '' : 's'}`
}
