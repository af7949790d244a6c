import type { Cluster } from '../inventory/cluster.ts'
import type { Plugin } from './plugin.ts'
import type { Cell, CellKind, NetworkReport } from './report.ts'

/** What probably is behind failures. */
export interface Cause {
  /** One sentence, without its full stop. */
  readonly message: string
  /** What to do now. */
  readonly hint: string
  /** The failures that it explains; none where a node takes no part at all. */
  readonly cells: readonly Cell[]
}

/** What causes are found from. */
export interface Case {
  readonly report: NetworkReport
  readonly cluster: Cluster
  readonly plugin: Plugin
  /** All failures. */
  readonly failed: readonly Cell[]
}

/** Explains some of the failures that nothing before it has explained. */
export type Rule = (failed: readonly Cell[], of: Case) => readonly Cause[]

/** The failures of one kind. */
export function only(cells: readonly Cell[], kind: CellKind): readonly Cell[] {
  return cells.filter((cell) => cell.kind === kind)
}

/** One cause for each node whose asking failed. */
export function perNode(cells: readonly Cell[], explain: (node: string) => Omit<Cause, 'cells'>): readonly Cause[] {
  const names = [...new Set(cells.map(({ from }) => from))]
  return names.map((name) => ({ ...explain(name), cells: cells.filter(({ from }) => from === name) }))
}

/** The nodes that take part. */
export function nodeNames({ report }: Case): readonly string[] {
  return report.nodes.map(({ name }) => name)
}
