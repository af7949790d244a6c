import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadInventory } from '../../src/inventory/load.ts'
import { sha256Of } from './artifacts/bundle.ts'
import { writeImage } from './artifacts/image.ts'
import { bundlePath, imageOutput } from './artifacts/recipe.ts'
import { defineLab, type Topology } from './hosts/definition.ts'
import { inventoryText } from './hosts/inventory.ts'
import { checkLabName } from './hosts/paths.ts'
import { withLock } from './lock.ts'

const topology: Topology = { controlPlanes: 3, workers: 2, etcdHosts: 0, suite: 'bookworm', twoNetworks: true }
let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kubewright-lab-test-'))
})

afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

test('control planes come before workers, on both networks', () => {
  const { hosts } = defineLab('x', topology, 7, 'image')
  expect(hosts.map((host) => `${host.name} ${host.address} ${host.nodeIP}`)).toEqual([
    'cp1 10.90.7.11 10.89.7.11',
    'cp2 10.90.7.12 10.89.7.12',
    'cp3 10.90.7.13 10.89.7.13',
    'w1 10.90.7.21 10.89.7.21',
    'w2 10.90.7.22 10.89.7.22',
  ])
  expect(hosts[0]?.networks[1]).toBe('kw-x-node:ip=10.89.7.11,mac=0a:58:0a:59:07:0b,interface_name=eth1')
})

test('hosts of etcd come last', () => {
  const { hosts } = defineLab(
    'x',
    { ...topology, controlPlanes: 1, workers: 0, etcdHosts: 2, twoNetworks: false },
    7,
    'image',
  )
  expect(hosts.map(({ name, role, address }) => `${name} ${role} ${address}`)).toEqual([
    'cp1 control-plane 10.89.7.11',
    'e1 etcd 10.89.7.31',
    'e2 etcd 10.89.7.32',
  ])
})

test('forwarded ports of neighbouring labs do not collide', () => {
  const ports = [5, 6, 7].flatMap((subnet) =>
    defineLab('x', topology, subnet, 'image').hosts.map((host) => host.sshPort),
  )
  expect(new Set(ports).size).toBe(ports.length)
})

test('the inventory of a lab is one that the product accepts', async () => {
  const file = join(directory, 'inventory.yaml')
  await writeFile(join(directory, 'id_ed25519'), '')
  for (const twoNetworks of [false, true]) {
    const lab = defineLab('x', { ...topology, controlPlanes: 1, twoNetworks }, 7, 'image')
    await writeFile(file, inventoryText(lab, '1.37.1'))
    const { cluster } = await loadInventory(file)
    expect(cluster.hosts.map((host) => host.name)).toEqual(['cp1', 'w1', 'w2'])
  }
})

test('a name that is not safe in paths and container names is refused', () => {
  expect(checkLabName('e2e')).toBe('e2e')
  for (const name of ['', 'a-b', '../x', 'state', 'Lab', '1x'])
    expect(() => checkLabName(name)).toThrow('cannot be named')
})

test('an image is the same bytes every time, with its layers under their digests', async () => {
  const tree = join(directory, 'tree')
  await mkdir(tree)
  await writeFile(join(tree, 'program'), '#!/bin/sh\n', { mode: 0o755 })
  const files = [join(directory, 'a.tar'), join(directory, 'b.tar')]
  for (const file of files) {
    await writeImage(directory, file, { reference: 'example.org/x:v1', layers: [tree, tree], entrypoint: ['/program'] })
  }
  const [first = '', second = ''] = files
  expect(await sha256Of(first)).toBe(await sha256Of(second))
  const member = (name: string): string => execFileSync('tar', ['-xOf', first, name], { encoding: 'utf8' })
  const blob = (digest: string): string => member(`blobs/${digest.replace(':', '/')}`)
  interface Descriptor {
    readonly digest: string
    readonly annotations?: object
  }
  const { manifests } = JSON.parse(member('index.json')) as { manifests: Descriptor[] }
  expect(manifests.map(({ annotations }) => annotations)).toEqual([{ 'io.containerd.image.name': 'example.org/x:v1' }])
  const manifest = JSON.parse(blob(manifests[0]?.digest ?? '')) as { config: Descriptor; layers: Descriptor[] }
  const config = JSON.parse(blob(manifest.config.digest)) as { rootfs: { diff_ids: string[] } }
  const diffIds = manifest.layers.map(({ digest }) => {
    const layer = execFileSync('sh', ['-c', `tar -xOf ${first} blobs/${digest.replace(':', '/')} | zstd -dc`])
    return `sha256:${createHash('sha256').update(layer).digest('hex')}`
  })
  expect(config.rootfs.diff_ids).toEqual(diffIds)
})

test('an image is listed under the last part of its repository and its tag', () => {
  const output = imageOutput('registry.k8s.io/coredns/coredns:v1.14.6')
  expect([output.name, output.version]).toEqual(['coredns', '1.14.6'])
  expect(bundlePath(output)).toMatch(/^coredns\/1\.14\.6\/\w+\/coredns\.tar$/)
})

test('a lock whose owner is dead does not hold anybody up', async () => {
  const lock = join(directory, 'lock')
  await writeFile(lock, '999999999\n')
  expect(await withLock(lock, () => readFile(lock, 'utf8'))).toBe(`${process.pid}\n`)
  await expect(readFile(lock)).rejects.toThrow('ENOENT')
})
