import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Cluster } from '../../src/inventory/cluster.ts'
import { loadInventory } from '../../src/inventory/load.ts'
import { InventoryError, type InventoryProblem } from '../../src/inventory/problem.ts'

/** Five lines, so that the first line of a test's own text is line 6. */
const head = `apiVersion: kubewright/v1alpha1
kind: Cluster
metadata: { name: lab }
spec:
  kubernetesVersion: '1.37.1'
`

const oneHost = `  hosts: [{ name: cp1, address: 192.0.2.11, roles: [control-plane] }]
`

/** An inventory with more keys of spec; it has one host unless the text names others. */
export function inventoryWith(spec = ''): string {
  return head + spec + (/^ {2}hosts:/m.test(spec) ? '' : oneHost)
}

/** Writes files (the inventory is `inventory.yaml`) into a directory of their own and runs something there. */
export async function inDirectory<Result>(
  files: Readonly<Record<string, string | Uint8Array>>,
  run: (directory: string) => Promise<Result>,
): Promise<Result> {
  const directory = await mkdtemp(join(tmpdir(), 'kubewright-inventory-'))
  try {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(directory, name)), { recursive: true })
      await writeFile(join(directory, name), content)
    }
    return await run(directory)
  } finally {
    await rm(directory, { recursive: true })
  }
}

/** The cluster of an inventory in which nothing is wrong. */
export function clusterOf(text: string, files: Readonly<Record<string, string | Uint8Array>> = {}): Promise<Cluster> {
  return inDirectory({ ...files, 'inventory.yaml': text }, async (directory) => {
    const { cluster } = await loadInventory(join(directory, 'inventory.yaml'))
    return cluster
  })
}

/** The problems of an inventory, and how they are printed, with the directory left out. */
export function problemsOf(
  text: string,
  files: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<{ problems: readonly InventoryProblem[]; printed: string[] }> {
  return inDirectory({ ...files, 'inventory.yaml': text }, async (directory) => {
    try {
      await loadInventory(join(directory, 'inventory.yaml'))
      return { problems: [], printed: [] }
    } catch (error) {
      if (!(error instanceof InventoryError)) throw error
      return { problems: error.problems, printed: error.message.replaceAll(`${directory}/`, '').split('\n') }
    }
  })
}

/** An inventory with each comment below `spec` that is YAML (`# key: value`) taken for what it says. */
export function uncommented(text: string): string {
  return text.replaceAll(/^( +)# ( *)(- |[A-Za-z.-]+: |[A-Za-z]+:$)/gm, '$1$2$3')
}

/** A wrong inventory and all that is said about it. */
export interface WrongInput {
  readonly title: string
  readonly text: string
  readonly files?: Readonly<Record<string, string | Uint8Array>>
  readonly printed: readonly string[]
}
