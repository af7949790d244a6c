import type { Finding } from './problem.ts'
import type { Inventory } from './schema.ts'

/** What contradicts itself in an inventory whose shape is right. */
export function conflicts(_inventory: Inventory): Finding[] {
  return []
}

/** What is missing or too much in an inventory as a whole. */
export function gaps(_inventory: Inventory, _minors: readonly string[]): Finding[] {
  return []
}
