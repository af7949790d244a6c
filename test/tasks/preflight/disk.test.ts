import { describe, expect, test } from 'vitest'
import type { Disk } from '../../../src/host/facts.ts'
import { preflightHost } from '../../../src/tasks/preflight/host.ts'
import { contextOf, factsOf, hostOf } from '../../support/facts.ts'
import { found, own, told } from './findings.ts'

const GiB = 2 ** 30
const root: Disk = {
  path: '/',
  mount: '/',
  device: '/dev/vda',
  free: 30 * GiB,
  total: 60 * GiB,
  freeInodes: undefined,
  writable: true,
}
const images: Disk = { ...root, path: '/var/lib/containerd' }

function on(...disks: readonly Disk[]) {
  return contextOf({ facts: factsOf({ survey: { disks } }) })
}

function onOurs(...disks: readonly Disk[]) {
  return contextOf({ facts: factsOf({ survey: { disks }, state: { cluster: own } }) })
}

describe('a full disk', () => {
  test('is refused once for each file system, with its figures and what it holds', () => {
    const full = { free: 100 * 2 ** 20, total: 60 * GiB }
    const context = on({ ...root, ...full }, { ...root, ...full, path: '/etc' })
    expect(found(preflightHost, context)).toEqual(['error DiskSpace'])
    expect(told(preflightHost, context)).toContain(
      '/ has 100 MiB free of 60 GiB; it holds / and /etc and needs 512 MiB',
    )
  })

  test('is one with less than 2 GiB where the images go', () => {
    expect(
      found(
        preflightHost,
        on(root, { ...images, mount: '/data', device: '/dev/vdb', free: 1.9 * GiB, total: 4 * GiB }),
      ),
    ).toEqual(['error DiskSpace'])
    expect(
      found(
        preflightHost,
        on(root, { ...images, mount: '/data', device: '/dev/vdb', free: 2.1 * GiB, total: 4 * GiB }),
      ),
    ).toEqual([])
  })

  test('of a node of ours is one only when nothing more can be written', () => {
    const little = { free: 0.3 * GiB, total: 2 * GiB }
    expect(found(preflightHost, onOurs({ ...root, ...little }))).toEqual([])
    expect(found(preflightHost, onOurs({ ...root, free: 2 ** 20, total: 2 * GiB }))).toEqual(['error DiskSpace'])
  })

  test('is told once, however often it is mounted', () => {
    const full = { free: 100 * 2 ** 20, total: 60 * GiB }
    expect(found(preflightHost, on({ ...root, ...full }, { ...root, ...full, path: '/data', mount: '/data' }))).toEqual(
      ['error DiskSpace'],
    )
  })

  test('may be one without inodes', () => {
    expect(found(preflightHost, on({ ...root, freeInodes: 12 }))).toEqual(['error DiskSpace'])
    expect(told(preflightHost, on({ ...root, freeInodes: 12 }))).toContain('12 inodes')
  })
})

test('a read-only file system is refused with the directories that it holds', () => {
  const context = on(root, { ...root, path: '/usr/local', mount: '/usr', device: '/dev/vdb', writable: false })
  expect(found(preflightHost, context)).toEqual(['error ReadOnlyFileSystem'])
  expect(told(preflightHost, context)).toContain('/usr/local cannot be written to')
})

describe("the kubelet's thresholds", () => {
  const tight = { ...images, free: 8 * GiB, total: 60 * GiB }

  test('refuse a host whose pods would be evicted at once', () => {
    expect(found(preflightHost, on(root, tight))).toEqual(['error DiskPressure'])
    expect(told(preflightHost, on(root, tight))).toContain('8 GiB (13 %) free')
  })

  test('are only a warning for a node that runs already', () => {
    expect(found(preflightHost, onOurs(root, tight))).toEqual(['warning DiskPressure'])
  })

  test('say nothing of a disk that is too small anyway', () => {
    expect(found(preflightHost, on(root, { ...images, device: '/dev/vdb', free: 0 }))).toEqual(['error DiskSpace'])
  })

  test('are those of the inventory where it sets some', () => {
    const config = { evictionHard: { 'imagefs.available': '1Gi' } }
    const host = hostOf({ kubelet: { config, extraArgs: [], patches: [] } })
    expect(found(preflightHost, contextOf({ host, facts: factsOf({ survey: { disks: [root, tight] } }) }))).toEqual([])
  })
})
