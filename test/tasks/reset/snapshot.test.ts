import { beforeEach, expect, test } from 'vitest'
import type { Facts } from '../../../src/host/facts.ts'
import { resetSnapshot } from '../../../src/tasks/reset/snapshot.ts'
import { memberHost, setMembers, voter } from '../../support/etcd-member.ts'
import { clusterOf, contextOf, factsOf, hostOf, workerOf } from '../../support/facts.ts'
import { applyTasks, listed, planTasks } from '../../support/run-task.ts'
import type { SandboxHost } from '../../support/sandbox-host.ts'

const hosts = [...['cp1', 'cp2', 'cp3'].map((name) => hostOf({ name })), workerOf('w1', '10.89.5.21')]
const cluster = clusterOf({ hosts })
const due = ['create etcd-snapshot']

function factsAt(nodeIP: string, { id = 'cluster-1', etcdData = true } = {}): Facts {
  return factsOf({ nodeIP, survey: { etcdData }, state: { cluster: { id, name: 'lab' } } })
}

/** cp1, which keeps a snapshot while these hosts are reset. */
function context(run: readonly string[], second: Facts = factsAt('10.89.5.12')) {
  const facts = factsAt('10.89.5.11')
  const all = [
    ['cp1', facts],
    ['cp2', second],
    ['cp3', factsAt('10.89.5.13')],
    ['w1', factsAt('10.89.5.21')],
  ] as const
  const fleet = new Map(all.filter(([name]) => name === 'cp1' || run.includes(name)))
  return contextOf({ cluster, host: hosts[0]!, facts, fleet, run })
}

/** The cluster while that host is reset, under another name. */
function renamed(name: string, to: string) {
  const { fleet } = context([name])
  return {
    cluster: clusterOf({ hosts: hosts.map((each) => (each.name === name ? hostOf({ name: to }) : each)) }),
    fleet: new Map([...fleet].map(([each, facts]) => [each === name ? to : each, facts])),
    run: [to],
  }
}

let host: SandboxHost

function snapshots(): readonly string[] {
  return [...host.snapshot().keys()].filter((path) => /snapshots\/.*\.db$/.test(path))
}

beforeEach(() => {
  host = memberHost()
})

test('before the data of a member goes, a verified snapshot is on a host that stays', async () => {
  expect(listed(await planTasks(host, resetSnapshot, context(['cp2'])))).toEqual(due)
  await applyTasks(host, resetSnapshot, context(['cp2']))
  expect(snapshots()).toEqual(['/var/lib/kubewright/snapshots/without-cp2-aaa2.db'])
  expect(listed(await planTasks(host, resetSnapshot, context(['cp2'])))).toEqual([])
})

test('one snapshot is enough for several members', async () => {
  await applyTasks(host, resetSnapshot, context(['cp2', 'cp3']))
  expect(snapshots()).toHaveLength(1)
})

test('where etcd has lost its majority, what a member knows is saved all the same', async () => {
  host.remove('/fake/etcd/members')
  await applyTasks(host, resetSnapshot, context(['cp2']))
  expect(snapshots()).toEqual(['/var/lib/kubewright/snapshots/without-cp2.db'])
  expect(listed(await planTasks(host, resetSnapshot, context(['cp2'])))).toEqual([])
})

test.each(['cp-2', 'etcd-a'])(
  'without a majority the snapshot of %s counts, whose name ends as an id may',
  async (name) => {
    host.remove('/fake/etcd/members')
    const named = { ...context(['cp2']), ...renamed('cp2', name) }
    await applyTasks(host, resetSnapshot, named)
    expect(snapshots()).toEqual([`/var/lib/kubewright/snapshots/without-${name}.db`])
    expect(listed(await planTasks(host, resetSnapshot, named))).toEqual([])
  },
)

test('the first that goes need not be the one that the snapshot is of: it may have left etcd before', async () => {
  host.write('/fake/etcd/members', host.read('/fake/etcd/members')?.replace(/^aaa2.*\n/m, '') ?? '')
  await applyTasks(host, resetSnapshot, context(['cp2', 'cp3']))
  expect(snapshots()).toEqual(['/var/lib/kubewright/snapshots/without-cp3-aaa3.db'])
})

test('one from before something was written is of no use to a host whose members are not known', async () => {
  host.remove('/fake/etcd/members')
  await applyTasks(host, resetSnapshot, context(['cp2']))
  host.write('/fake/etcd/revision', '1235')
  expect(listed(await planTasks(host, resetSnapshot, context(['cp2'])))).toEqual(due)
})

test('what has no room for one is told of it, and of the way without', async () => {
  host.write('/fake/etcd/size', `${2 ** 60}`)
  const { findings } = await planTasks(host, resetSnapshot, context(['cp2']))
  expect(findings.map(({ finding: { severity, check } }) => `${severity} ${check}`)).toEqual(['error EtcdSnapshot'])
  expect(findings[0]?.finding.message).toContain('it needs 1073741824 GiB, and ')
  expect(findings[0]?.finding.hint).toContain('With --ignore EtcdSnapshot cp2 goes without a snapshot.')
})

test('whoever ignores it goes on without one, and is told', async () => {
  const ignoring = { ...cluster, preflight: { ignore: ['EtcdSnapshot'] } }
  const plan = await planTasks(host, resetSnapshot, { ...context(['cp2']), cluster: ignoring })
  expect(listed(plan)).toEqual([])
  expect(plan.findings.map(({ finding: { severity, message } }) => `${severity} ${message}`)).toEqual([
    'warning no snapshot of etcd is saved before cp2 goes, as EtcdSnapshot is ignored',
  ])
})

test('one that cannot be verified stops the run, says how to go on, and leaves no copy', async () => {
  host.write('/fake/etcd/data', 'damaged')
  await expect(applyTasks(host, resetSnapshot, context(['cp2']))).rejects.toMatchObject({
    details: { output: expect.stringContaining('so cp2 stays: --ignore EtcdSnapshot goes on without one') as string },
  })
  expect([...host.snapshot().keys()].filter((path) => path.includes('/snapshots/'))).toEqual([])
})

test.each([
  ['a worker', ['w1'], undefined],
  ['a control plane that has been reset', ['cp2'], factsAt('10.89.5.12', { etcdData: false })],
  ["another cluster's host", ['cp2'], factsAt('10.89.5.12', { id: 'cluster-2' })],
])('%s loses nothing of this etcd', async (_who, run, second) => {
  expect(listed(await planTasks(host, resetSnapshot, context(run, second)))).toEqual([])
})

test('a member that has left etcd leaves no gap', async () => {
  setMembers(host, [voter(1)])
  expect(listed(await planTasks(host, resetSnapshot, context(['cp2'])))).toEqual([])
})
