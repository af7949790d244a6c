import { expect, test } from 'vitest'
import { selectHosts } from '../../src/playbook/agenda.ts'
import { loadPlaybook } from '../../src/playbook/load.ts'
import { allTasks } from '../../src/tasks/registry.ts'
import { clusterWithEtcdHosts } from '../support/etcd-hosts.ts'

const parts = { leading: 'cp1', leadingEtcd: 'e2', joining: [], leaving: undefined }

test.each([
  ['all', 'cp1 w1 e1 e2 e3'],
  ['nodes', 'cp1 w1'],
  ['control-planes', 'cp1'],
  ['first-control-plane', 'cp1'],
  ['other-control-planes', ''],
  ['workers', 'w1'],
  ['etcd-hosts', 'e1 e2 e3'],
  ['first-etcd-host', 'e2'],
  ['other-etcd-hosts', 'e1 e3'],
  ['other-workers', 'w1'],
] as const)('the hosts of a phase may be %s', (selector, names) => {
  const selected = selectHosts(clusterWithEtcdHosts, selector, parts)
  expect(selected.map(({ name }) => name).join(' ')).toBe(names)
})

test.each(['cluster', 'reset'])('the playbook %s names tasks and phases that there are', async (name) => {
  const { phases } = await loadPlaybook(name, [...allTasks().keys()])
  expect(phases.map(({ hosts }) => hosts)).toContain('etcd-hosts')
})
