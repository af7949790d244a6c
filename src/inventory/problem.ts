import type { InventoryCode } from './codes.ts'

/** Where something is in the inventory: keys and list indices from the root. */
export type InventoryPath = readonly (string | number)[]

/** A problem before it is known where in the file it is written. */
export interface Finding {
  readonly code: InventoryCode
  readonly path: InventoryPath
  readonly message: string
  /** What to do. */
  readonly hint: string
  /** Whether the key or (by default) the value is wrong. */
  readonly at?: 'key' | 'value'
}

/** One thing that is wrong with an inventory, with its place in the file. */
export interface InventoryProblem {
  readonly code: InventoryCode
  /** As the caller named it. */
  readonly file: string
  readonly line: number
  readonly column: number
  /** `spec.hosts[1].roles[0]`, empty for the whole file. */
  readonly path: string
  readonly message: string
  /** What to do. */
  readonly hint: string
}

/** All problems of one inventory. */
export class InventoryError extends Error {
  override readonly name = 'InventoryError'
  readonly problems: readonly InventoryProblem[]

  constructor(problems: readonly InventoryProblem[]) {
    super(problems.map(renderProblem).join('\n'))
    this.problems = problems
  }
}

/** `inventory.yaml:9:13 spec.hosts[1].roles[0]: expected ... (KW1013)`, and below it what to do. */
export function renderProblem(problem: InventoryProblem): string {
  const place = `${problem.file}:${problem.line}:${problem.column}`
  const path = problem.path === '' ? '' : ` ${problem.path}`
  return `${place}${path}: ${problem.message} (${problem.code})\n    ${problem.hint}`
}

/** `spec.hosts[1].labels["example.com/rack"]` */
export function renderPath(path: InventoryPath): string {
  return path
    .map((step) => {
      if (typeof step === 'number') return `[${step}]`
      return /^[A-Za-z_][\w-]*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`
    })
    .join('')
    .replace(/^\./, '')
}
