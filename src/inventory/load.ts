import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { checkInventory } from './check.ts'
import { checkEtcdFiles } from './check-etcd.ts'
import type { Cluster } from './cluster.ts'
import { freezeDeep } from './freeze.ts'
import { InventoryError, type Finding, type InventoryProblem } from './problem.ts'
import { readFault, readReferences, referencesOf } from './references.ts'
import { hasPath, withoutFaults } from './remainder.ts'
import { resolveCluster } from './resolve.ts'
import { inventorySchema, type Inventory } from './schema.ts'
import { shapeFindings } from './shape.ts'
import { locate, parseSource, writtenAs, type SourceFile } from './source.ts'
import { supportedMinors } from './supported.ts'

/** What the loader is told by the program. */
export interface LoadOptions {
  /** The Kubernetes minors that can be installed. */
  readonly supportedMinors?: readonly string[]
  /** What is done to the text before it is read: the inventory as it would be. */
  readonly edit?: (text: string) => string
}

/** Reads an inventory and makes the cluster of it, frozen; rejects with an {@link InventoryError} that holds all problems. */
export async function loadInventory(file: string, options: LoadOptions = {}): Promise<{ cluster: Cluster }> {
  const inventoryPath = resolve(file)
  const text = (options.edit ?? ((written) => written))(await readInventory(file))
  const source = parseSource(file, text)
  if (!('document' in source)) throw new InventoryError(source)
  const { inventory, faults, data } = validate(source)
  const { files, findings } = await readReferences(inventoryPath, referencesOf(inventory.spec))
  const checked = checkInventory(inventory, { supportedMinors: options.supportedMinors ?? supportedMinors, faults })
  // What a fault has hidden cannot be judged: only what is written, and right by itself, is.
  const known = faults.length === 0 ? checked : checked.filter(({ path }) => hasPath(data, path))
  report(source, [...faults, ...known, ...findings, ...checkEtcdFiles(inventory.spec, files)])
  return { cluster: freezeDeep(resolveCluster(inventory, text, { inventoryPath, files })) }
}

async function readInventory(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const hint = 'name it by --inventory, or make one by kubewright init'
    const message = `the inventory ${readFault(error)}`
    throw new InventoryError([{ code: 'KW1000', file, line: 1, column: 1, path: '', message, hint }])
  }
}

interface Validated {
  readonly inventory: Inventory
  readonly faults: readonly Finding[]
  /** What the inventory was made of: the file's data, less what is faulty. */
  readonly data: unknown
}

function validate(source: SourceFile): Validated {
  const result = parse(source.data)
  if (result.success) return { inventory: result.data, faults: [], data: source.data }
  const faults = result.error.issues.flatMap((issue) => shapeFindings(issue, (path) => writtenAs(source, path)))
  // What is no inventory at all is not measured as one.
  const foreign = faults.filter(({ code }) => code === 'KW1004')
  if (foreign.length > 0) throw new InventoryError(inOrder(source, foreign))
  const data = withoutFaults(source.data, faults)
  const rest = parse(data)
  if (!rest.success) throw new InventoryError(inOrder(source, faults))
  return { inventory: rest.data, faults, data }
}

function parse(data: unknown) {
  return inventorySchema.safeParse(data, { reportInput: true })
}

function report(source: SourceFile, findings: readonly Finding[]): void {
  if (findings.length > 0) throw new InventoryError(inOrder(source, findings))
}

function inOrder(source: SourceFile, findings: readonly Finding[]): InventoryProblem[] {
  return findings.map((finding) => locate(source, finding)).sort((a, b) => a.line - b.line || a.column - b.column)
}
