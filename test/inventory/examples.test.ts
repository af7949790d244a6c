import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadInventory } from '../../src/inventory/load.ts'
import { problemsOf, uncommented } from './support.ts'

const directory = join(import.meta.dirname, '../../inventories')
const examples = readdirSync(directory).filter((name) => name.endsWith('.yaml'))

test('there is an example of each kind', () => {
  expect(examples).toEqual(expect.arrayContaining(['single.yaml', 'one-control-plane.yaml', 'ha.yaml', 'vagrant.yaml']))
})

test.each(examples)('the example %s loads, and leads editors to the schema', async (name) => {
  const { cluster } = await loadInventory(join(directory, name))
  expect(`${cluster.name}.yaml`).toBe(name)
  expect(readFileSync(join(directory, name), 'utf8')).toMatch(/^# yaml-language-server: \$schema=\.\/schema\.json\n/)
})

test('the example of etcd has an external one, too, when its hosts make way for it', async () => {
  const text = uncommented(readFileSync(join(directory, 'etcd.yaml'), 'utf8'))
  expect(text).toMatch(/^ {6}endpoints: /m)
  const { problems } = await problemsOf(text)
  expect(problems.filter(({ code }) => !['KW1040', 'KW1053'].includes(code))).toEqual([])
})

test('the example of one host needs no SSH and has no taint', async () => {
  const { cluster } = await loadInventory(join(directory, 'single.yaml'))
  expect(cluster.hosts).toMatchObject([{ connection: 'local', roles: ['control-plane', 'worker'], taints: [] }])
})

test('what is a comment in an example works when it loses its mark', async () => {
  const text = uncommented(readFileSync(join(directory, 'one-control-plane.yaml'), 'utf8'))
  expect(text).toMatch(/^ {2}proxy: /m)
  expect(text).toMatch(/^ {6}audit-policy-file: /m)
  // The files in the comments are examples.
  const { problems } = await problemsOf(text)
  expect(problems.filter(({ code }) => code !== 'KW1040')).toEqual([])
})
