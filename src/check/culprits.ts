import type { Cell } from './report.ts'

/** Failures between nodes, and the node that all of them have in common, or the two that they are between. */
export interface Culprit {
  readonly nodes: readonly string[]
  readonly cells: readonly Cell[]
}

/** Finds who is behind failures between nodes: a node that fails with most of the others, before pairs that fail for themselves. */
export function culprits(cells: readonly Cell[], names: readonly string[]): readonly Culprit[] {
  const [first] = cells
  if (first === undefined) return []
  const counted = names.map((name) => ({ name, partners: partnersOf(name, cells).size }))
  const [worst, next] = counted.toSorted((one, other) => other.partners - one.partners)
  const alone = worst !== undefined && worst.partners > 1 && worst.partners > (next?.partners ?? 0)
  const nodes = alone ? [worst.name] : [first.from, first.to ?? '']
  const own = cells.filter(({ from, to = '' }) =>
    alone ? from === worst.name || to === worst.name : nodes.includes(from) && nodes.includes(to),
  )
  return [
    { nodes, cells: own },
    ...culprits(
      cells.filter((cell) => !own.includes(cell)),
      names,
    ),
  ]
}

function partnersOf(name: string, cells: readonly Cell[]): ReadonlySet<string> {
  return new Set(cells.flatMap(({ from, to = '' }) => (from === name ? [to] : to === name ? [from] : [])))
}
