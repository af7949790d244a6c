import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadInventory } from '../../src/inventory/load.ts'
import { inDirectory, inventoryWith } from './support.ts'

const text = inventoryWith(`\
  ssh: { identityFile: ./key }
  scheduler: { files: [{ source: ./scheduler.yaml, path: /etc/kubernetes/scheduler.yaml }] }
`)
const files = { 'inventory.yaml': text, key: 'secret', 'scheduler.yaml': 'kind: A\n' }

function digestOf(changed: Readonly<Record<string, string>>): Promise<string> {
  return inDirectory({ ...files, ...changed }, async (directory) => {
    const { cluster } = await loadInventory(join(directory, 'inventory.yaml'))
    return cluster.inventory.digest
  })
}

test('the digest is the same in every directory', async () => {
  const digest = await digestOf({})
  expect(digest).toMatch(/^[0-9a-f]{64}$/)
  expect(await digestOf({})).toBe(digest)
})

test('the digest changes with the inventory and with each file that it names', async () => {
  const digests = await Promise.all([
    digestOf({}),
    digestOf({ 'inventory.yaml': `${text}# a comment\n` }),
    digestOf({ 'scheduler.yaml': 'kind: B\n' }),
  ])
  expect(new Set(digests).size).toBe(3)
})

test('keys are not part of the digest', async () => {
  expect(await digestOf({ key: 'another' })).toBe(await digestOf({}))
})
