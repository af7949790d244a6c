import { expect, test } from 'vitest'
import { resumes } from '../../src/cli/unfinished.ts'
import type { OperationRecord } from '../../src/host/facts.ts'
import type { Cluster } from '../../src/inventory/cluster.ts'
import { programVersion } from '../../src/package.ts'

const cluster = { inventory: { path: '/inventory.yaml', digest: 'd' } } as Cluster

const unfinished: OperationRecord = {
  id: '20261121-040500-1f2e3d',
  playbook: 'cluster',
  inventory: 'd',
  program: programVersion,
  startedBy: 'me@here',
  startedAt: '2026-11-21T04:05:00Z',
}

test('an apply continues an apply, and a reset does not', () => {
  expect(resumes(unfinished, { cluster, playbook: { name: 'cluster' } })).toBe(true)
  expect(resumes(unfinished, { cluster, playbook: { name: 'reset' } })).toBe(false)
  expect(resumes({ ...unfinished, playbook: 'reset' }, { cluster, playbook: { name: 'cluster' } })).toBe(false)
  expect(resumes({ ...unfinished, inventory: 'e' }, { cluster, playbook: { name: 'cluster' } })).toBe(false)
  expect(resumes(undefined, { cluster, playbook: { name: 'cluster' } })).toBe(false)
})
