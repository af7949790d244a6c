import { expect, test } from 'vitest'
import { agendaOf, selectHosts } from '../../src/playbook/agenda.ts'
import { loadPlaybook } from '../../src/playbook/load.ts'
import { clusterWithEtcdHosts } from '../support/etcd-hosts.ts'
import { clusterOf, contextOf, hostOf, workerOf } from '../support/facts.ts'

test('a selector names hosts by their roles and by the part that they have in the run', () => {
  const cluster = clusterOf({
    hosts: [
      hostOf({ name: 'cp1' }),
      hostOf({ name: 'cp2' }),
      workerOf('w1', '10.89.5.21'),
      workerOf('w2', '10.89.5.22'),
    ],
  })
  const parts = { leading: 'cp2', leadingEtcd: undefined, joining: ['w2'], leaving: undefined }
  const names = (selector: Parameters<typeof selectHosts>[1]) =>
    selectHosts(cluster, selector, parts).map(({ name }) => name)
  expect(names('all')).toEqual(['cp1', 'cp2', 'w1', 'w2'])
  expect(names('nodes')).toEqual(['cp1', 'cp2', 'w1', 'w2'])
  expect(names('first-control-plane')).toEqual(['cp2'])
  expect(names('other-control-planes')).toEqual(['cp1'])
  expect(names('other-hosts')).toEqual(['cp1', 'w1', 'w2'])
  expect(names('workers')).toEqual(['w1', 'w2'])
  expect(names('etcd-hosts')).toEqual([])
  expect(names('joining')).toEqual(['w2'])
  expect(names('other-workers')).toEqual(['w1'])
  expect(names('staying-control-planes')).toEqual(['cp1', 'cp2'])
  expect(names('leaving')).toEqual([])
})

test.each([
  ['all', 'cp1 w1 e1 e2 e3'],
  ['nodes', 'cp1 w1'],
  ['control-planes', 'cp1'],
  ['first-control-plane', 'cp1'],
  ['other-control-planes', ''],
  ['other-hosts', 'w1 e1 e2 e3'],
  ['workers', 'w1'],
  ['etcd-hosts', 'e1 e2 e3'],
  ['first-etcd-host', 'e2'],
  ['other-etcd-hosts', 'e1 e3'],
  ['other-workers', 'w1'],
] as const)('with etcd on hosts of its own the hosts of a phase may be %s', (selector, names) => {
  const parts = { leading: 'cp1', leadingEtcd: 'e2', joining: [], leaving: undefined }
  const selected = selectHosts(clusterWithEtcdHosts, selector, parts)
  expect(selected.map(({ name }) => name).join(' ')).toBe(names)
})

test('of control planes those stay that do not join', () => {
  const cluster = clusterOf({ hosts: [hostOf({ name: 'cp1' }), hostOf({ name: 'cp2' }), workerOf('w1', '10.89.5.21')] })
  const parts = { leading: 'cp1', leadingEtcd: undefined, joining: ['cp2'], leaving: undefined }
  expect(selectHosts(cluster, 'staying-control-planes', parts).map(({ name }) => name)).toEqual(['cp1'])
})

test('those that hold a virtual address are known by their keepalived', () => {
  const cluster = clusterOf({ hosts: [hostOf({ name: 'cp1' }), hostOf({ name: 'cp2' }), workerOf('w1', '10.89.5.21')] })
  const parts = { leading: 'cp1', leadingEtcd: undefined, joining: [], leaving: undefined, holding: ['cp2'] }
  expect(selectHosts(cluster, 'holding-control-planes', parts).map(({ name }) => name)).toEqual(['cp2'])
})

test.each(['cluster', 'node-add', 'node-replace'])(
  '%s tells control planes of a new one before it may hold their address',
  async (name) => {
    const { phases } = await loadPlaybook(name)
    const told = phases.find(({ tasks: names }) => names.includes('endpoint/peers') || names.includes('endpoint/held'))
    expect(told?.concurrency).toBe(1)
    // The first control plane lives, so it has been told if anyone was.
    const holding = phases.find((phase) => phase.tasks.includes('endpoint/virtual-ip'))
    expect(holding?.hosts).not.toBe('first-control-plane')
    expect(holding?.after).toContain(told?.name)
  },
)

test.each(['node-remove', 'node-replace'])(
  '%s lets those that stay forget a control plane when it no longer holds their address',
  async (name) => {
    const { phases } = await loadPlaybook(name)
    const cleaned = phases.findIndex(({ tasks: names }) => names.includes('reset/pods'))
    const gone = phases.find(({ after }) => after.includes(phases[cleaned]?.name ?? ''))
    const forgetting = phases.find(({ tasks: names }) => names.includes('endpoint/peers'))
    expect(forgetting?.after).toContain(gone?.name)
  },
)

test.each(['node-add', 'node-replace'])(
  "%s keeps Calico's controllers on control planes before a worker comes, which has no image of them",
  async (name) => {
    const { phases } = await loadPlaybook(name)
    const kept = phases.find(({ tasks: names }) => names.includes('network/calico-controllers'))
    expect(kept?.hosts).toBe('first-control-plane')
    expect(phases.find(({ tasks: names }) => names.includes('node/join'))?.after).toContain(kept?.name)
  },
)

test('a task that the build lacks is an error for a person', async () => {
  const context = contextOf()
  const playbook = await loadPlaybook('cluster')
  const agenda = () => agendaOf(playbook, new Map(), context.cluster, new Map([[context.host.name, context]]))
  expect(agenda).toThrow(
    expect.objectContaining({ details: expect.objectContaining({ code: 'KW0003', exit: 'internal' }) }),
  )
})
