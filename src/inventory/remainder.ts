import type { Finding, InventoryPath } from './problem.ts'

/**
 * The data without the values in which faults were found, so that the rest can be checked in the same run. A fault inside a
 * list removes the whole list: indices in paths stay those of the file.
 */
export function withoutFaults(data: unknown, faults: readonly Finding[]): unknown {
  const rest = structuredClone(data)
  for (const { path } of faults) {
    const key = path.findLastIndex((step) => typeof step === 'string')
    const parent = valueAt(rest, path.slice(0, key))
    if (isMap(parent)) delete parent[path[key]!]
  }
  return rest
}

/** Whether there is a value at a path. */
export function hasPath(data: unknown, path: InventoryPath): boolean {
  return valueAt(data, path) !== undefined
}

function valueAt(data: unknown, path: InventoryPath): unknown {
  return path.reduce<unknown>(
    (value, step) => (isMap(value) && Object.hasOwn(value, step) ? value[step] : undefined),
    data,
  )
}

function isMap(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null
}
