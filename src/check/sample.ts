/** Up to this many nodes every pair is looked at; beyond it each node asks this many, and is asked by as many. */
export const everyPair = 20

/** Which nodes a node asks, itself among them: all, or a sample that is spread over them and is the same each time. */
export function peersOf(names: readonly string[], self: number): readonly string[] {
  const count = names.length
  const steps = count <= everyPair ? names.map((_, step) => step) : spread(count)
  return steps.map((step) => names[(self + step) % count] ?? '')
}

/** The node after it: enough to see that the network works at all. */
export function neighbourOf(names: readonly string[], self: number): readonly string[] {
  return [names[(self + 1) % names.length] ?? '']
}

function spread(count: number): readonly number[] {
  return Array.from({ length: everyPair }, (_, index) => Math.floor((index * count) / everyPair))
}
