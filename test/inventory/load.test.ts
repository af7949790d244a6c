import { mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadInventory } from '../../src/inventory/load.ts'
import { InventoryError } from '../../src/inventory/problem.ts'
import { readFault } from '../../src/inventory/references.ts'
import { clusterOf, inDirectory, inventoryWith, problemsOf } from './support.ts'

async function failure(file: string): Promise<InventoryError> {
  const error: unknown = await loadInventory(file).then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(error instanceof InventoryError)) throw new Error('it loads')
  return error
}

test('a missing inventory is named with what makes one', async () => {
  const error = await failure('/nowhere/inventory.yaml')
  expect(error.message).toBe(
    '/nowhere/inventory.yaml:1:1: the inventory does not exist (KW1000)\n' +
      '    name it by --inventory, or make one by kubewright init',
  )
})

test('a directory is not an inventory', async () => {
  await inDirectory({}, async (directory) => {
    await mkdir(join(directory, 'inventory.yaml'))
    expect((await failure(join(directory, 'inventory.yaml'))).problems[0]).toMatchObject({
      code: 'KW1000',
      message: 'the inventory is a directory',
    })
  })
})

test.each([
  ['ENOENT', 'does not exist'],
  ['EACCES', 'cannot be read: permission denied'],
  ['EISDIR', 'is a directory'],
  ['EIO', 'cannot be read: EIO'],
])('a file that fails with %s %s', (code, words) => {
  expect(readFault(Object.assign(new Error(code), { code }))).toBe(words)
})

test('a problem is a value with its place, so that a program can use it', async () => {
  const { problems } = await problemsOf(
    inventoryWith('  controlPlaneEndpoint: { address: api.example.com, provider: virtual-ip }\n'),
  )
  expect(problems).toEqual([
    {
      code: 'KW1014',
      file: expect.stringMatching(/inventory\.yaml$/) as string,
      line: 6,
      column: 36,
      path: 'spec.controlPlaneEndpoint.address',
      message: 'expected an IP address, which the control planes hold among them',
      hint: 'a DNS name is for provider: external',
    },
  ])
})

test('the versions that can be installed are the caller’s', async () => {
  await inDirectory({ 'inventory.yaml': inventoryWith() }, async (directory) => {
    const file = join(directory, 'inventory.yaml')
    const { cluster } = await loadInventory(file, { supportedMinors: ['1.37'] })
    expect(cluster.kubernetesVersion).toBe('1.37.1')
    await expect(loadInventory(file, { supportedMinors: ['1.38'] })).rejects.toThrow(
      'Kubernetes 1.37.1 is not supported',
    )
  })
})

test('a value behind an alias is reported where it is written', async () => {
  const { printed } = await problemsOf(
    inventoryWith('  etcd: { extraArgs: &args { v: 4 } }\n  scheduler: { extraArgs: *args }\n'),
  )
  expect(printed.filter((line) => line.startsWith('inventory'))).toEqual([
    'inventory.yaml:6:33 spec.etcd.extraArgs.v: expected a string, but YAML reads 4 as a number (KW1015)',
    'inventory.yaml:6:33 spec.scheduler.extraArgs.v: expected a string, but YAML reads 4 as a number (KW1015)',
  ])
})

test('aliases share settings', async () => {
  const cluster = await clusterOf(
    inventoryWith('  etcd: { extraArgs: &args { v: "4" } }\n  scheduler: { extraArgs: *args }\n'),
  )
  expect(cluster.scheduler.extraArgs).toEqual([{ name: 'v', value: '4' }])
})

test('an alias bomb is refused', async () => {
  const bomb = Array.from({ length: 9 }, (_, level) =>
    level === 0
      ? 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]'
      : `a${level}: &a${level} [${Array(10)
          .fill(`*a${level - 1}`)
          .join(', ')}]`,
  )
  const { problems } = await problemsOf(bomb.join('\n'))
  expect(problems.map(({ code, message }) => [code, message])).toEqual([
    ['KW1001', 'Excessive alias count indicates a resource exhaustion attack'],
  ])
})

test('paths are relative to the inventory, below the home directory or absolute', async () => {
  await inDirectory(
    {
      'inventory.yaml': inventoryWith(
        '  ssh: { identityFile: keys/id, knownHostsFile: ~/.kubewright/known_hosts }\n  artifacts: { source: bundle, path: /bundle }\n',
      ),
      'keys/id': '',
    },
    async (directory) => {
      const { cluster } = await loadInventory(join(directory, 'inventory.yaml'))
      expect(cluster.inventory.path).toBe(join(directory, 'inventory.yaml'))
      expect(cluster.hosts[0]?.ssh.identityFile).toBe(join(directory, 'keys/id'))
      expect(cluster.hosts[0]?.ssh.knownHostsFile).toBe(join(homedir(), '.kubewright/known_hosts'))
      expect(cluster.artifacts.path).toBe('/bundle')
    },
  )
})

test('nothing of a cluster can be changed', async () => {
  const cluster = await clusterOf(inventoryWith('  kubelet: { config: { evictionHard: { memory.available: 5% } } }\n'))
  const open: string[] = []
  const visit = (value: unknown, path: string) => {
    if (typeof value !== 'object' || value === null) return
    if (!Object.isFrozen(value)) open.push(path)
    for (const [key, inner] of Object.entries(value)) visit(inner, `${path}.${key}`)
  }
  visit(cluster, 'cluster')
  expect(open).toEqual([])
})
