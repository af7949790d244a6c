import type { ExtraArg } from '../inventory/cluster.ts'

/** A command line as kubeadm makes it: the defaults sorted, without those that are given, which follow in their own order. */
export function commandFlags(defaults: readonly ExtraArg[], extra: readonly ExtraArg[]): readonly string[] {
  const given = new Set(extra.map(({ name }) => name))
  const kept = defaults.filter(({ name }) => !given.has(name))
  return [...kept.toSorted(byNameAndValue), ...extra].map(({ name, value }) => `--${name}=${value}`)
}

/** The last value that is given to a flag, which is the one that counts. */
export function flagValue(flags: readonly ExtraArg[], name: string): string | undefined {
  return flags.findLast((flag) => flag.name === name)?.value
}

/** Names and values as a list of flags. */
export function flagsOf(values: Readonly<Record<string, string>>): readonly ExtraArg[] {
  return Object.entries(values).map(([name, value]) => ({ name, value }))
}

// Go compares bytes, so no locale may have a say.
function byNameAndValue(one: ExtraArg, other: ExtraArg): number {
  return compare(one.name, other.name) || compare(one.value, other.value)
}

function compare(one: string, other: string): number {
  if (one === other) return 0
  return one < other ? -1 : 1
}
