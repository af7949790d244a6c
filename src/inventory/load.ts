import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { conflicts, gaps } from './check.ts'
import type { Cluster } from './cluster.ts'
import { freezeDeep } from './freeze.ts'
import { InventoryError, type Finding } from './problem.ts'
import { readFault, readReferences, referencesOf } from './references.ts'
import { resolveCluster } from './resolve.ts'
import { inventorySchema, type Inventory } from './schema.ts'
import { shapeFindings } from './shape.ts'
import { locate, parseSource, writtenAs, type SourceFile } from './source.ts'
import { supportedMinors } from './supported.ts'

/** What the loader is told by the program. */
export interface LoadOptions {
  /** The Kubernetes minors that can be installed. */
  readonly supportedMinors?: readonly string[]
}

/** Reads an inventory and makes the cluster of it, frozen; rejects with an {@link InventoryError} that holds all problems. */
export async function loadInventory(file: string, options: LoadOptions = {}): Promise<{ cluster: Cluster }> {
  const inventoryPath = resolve(file)
  const text = await readInventory(file)
  const source = parseSource(file, text)
  if (!('document' in source)) throw new InventoryError(source)
  const inventory = validate(source)
  const minors = options.supportedMinors ?? supportedMinors
  const { files, findings } = await readReferences(inventoryPath, referencesOf(inventory.spec))
  report(source, [...conflicts(inventory), ...gaps(inventory, minors), ...findings])
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

function validate(source: SourceFile): Inventory {
  const result = inventorySchema.safeParse(source.data, { reportInput: true })
  if (result.success) return result.data
  report(
    source,
    result.error.issues.flatMap((issue) => shapeFindings(issue, (path) => writtenAs(source, path))),
  )
  throw new Error('a schema issue without a finding')
}

function report(source: SourceFile, findings: readonly Finding[]): void {
  if (findings.length === 0) return
  const problems = findings.map((finding) => locate(source, finding))
  throw new InventoryError(problems.sort((a, b) => a.line - b.line || a.column - b.column))
}
