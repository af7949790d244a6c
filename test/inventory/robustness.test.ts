import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { loadInventory } from '../../src/inventory/load.ts'
import { InventoryError } from '../../src/inventory/problem.ts'
import { clusterOf, inDirectory } from './support.ts'

const everything = readFileSync(join(import.meta.dirname, 'everything.yaml'), 'utf8')

type Path = (string | number)[]

function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value)
  return [path, ...keys.flatMap((key) => pathsOf((value as Record<string | number, unknown>)[key], [...path, key]))]
}

function replaced(value: unknown, [key, ...rest]: Path, by: unknown): unknown {
  if (key === undefined) return by
  const copy = structuredClone(value) as Record<string | number, unknown>
  copy[key] = replaced(copy[key], rest, by)
  return copy
}

test('an inventory with every field loads', async () => {
  const cluster = await clusterOf(everything, { file: 'content\n' })
  expect(cluster.hosts.map(({ name }) => name)).toEqual(['a', 'b'])
})

test('whatever stands in the place of a value, the answer is a cluster or problems with places', async () => {
  const data: unknown = parse(everything)
  const values = fc.oneof(
    fc.constantFrom<unknown>(
      null,
      0,
      -1,
      1.5,
      true,
      '',
      '*',
      'x',
      {},
      [],
      [null],
      { a: null },
      { '': 1 },
      { constructor: 1 },
    ),
    fc.constantFrom('::/0', '10.0.0.0/8', '1y', '-----BEGIN KEY'),
    fc.string(),
  )
  await inDirectory({ file: 'content\n' }, async (directory) => {
    const file = join(directory, 'inventory.yaml')
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...pathsOf(data)), values, async (path, value) => {
        await writeFile(file, stringify(replaced(data, path, value)))
        const error: unknown = await loadInventory(file).then(
          () => undefined,
          (thrown: unknown) => thrown,
        )
        if (error === undefined) return
        if (!(error instanceof InventoryError)) throw error
        expect(error.problems.length).toBeGreaterThan(0)
        for (const { line, message, hint } of error.problems) {
          expect(line).toBeGreaterThan(0)
          expect(`${message} ${hint}`).not.toMatch(/undefined|\[object|Invalid input/)
          expect(hint).not.toBe('')
        }
      }),
      { numRuns: 100 },
    )
  })
})
