import { beforeEach, describe, expect, test } from 'vitest'
import { parseMembers } from '../../../src/kubernetes/etcd-members.ts'
import type { ObservedControlPlane } from '../../../src/kubernetes/observed.ts'
import { etcdSnapshotTask } from '../../../src/tasks/etcd/snapshot.ts'
import { memberHost, setMembers, voter } from '../../support/etcd-member.ts'
import { clusterOf, contextOf, factsOf, hostOf, observedOf } from '../../support/facts.ts'
import { applyTasks, listed, planTasks } from '../../support/run-task.ts'
import { sandboxHost, type SandboxHost } from '../../support/sandbox-host.ts'

const names = ['cp1', 'cp2', 'cp3']
const hosts = names.map((name) => hostOf({ name }))
const voters = [1, 2, 3].map(voter)
const due = ['create etcd-snapshot']

/** cp1 leads an apply on these hosts, of which some have no data of etcd. */
function context({ without, run = names }: { readonly without: readonly string[]; readonly run?: readonly string[] }) {
  const controlPlanes = names.map((name): ObservedControlPlane => ({
    host: name,
    hasEtcdData: !without.includes(name),
    apiServer: 'up',
    etcdElsewhere: [],
    hasSuperAdmin: false,
    ledAt: 0,
    etcdMembers: parseMembers(voters.join('\n')),
  }))
  const fleet = new Map(names.map((name, index) => [name, factsOf({ nodeIP: `10.89.5.1${index + 1}` })]))
  const observed = observedOf({ controlPlanes })
  return contextOf({ cluster: clusterOf({ hosts }), host: hosts[0]!, facts: fleet.get('cp1')!, fleet, run, observed })
}

let host: SandboxHost

beforeEach(() => {
  host = memberHost()
})

describe('a host that lost the data of its member', () => {
  test('joins anew after a snapshot', async () => {
    expect(listed(await planTasks(host, etcdSnapshotTask, context({ without: ['cp3'] })))).toEqual(due)
    await applyTasks(host, etcdSnapshotTask, context({ without: ['cp3'] }))
    expect(host.read('/var/lib/kubewright/snapshots/without-cp3-aaa3.db')).toBe('all keys')
    expect(listed(await planTasks(host, etcdSnapshotTask, context({ without: ['cp3'] })))).toEqual([])
  })

  test('may have been a member that nobody tells of, and that is told', async () => {
    host.remove('/usr/sbin/etcdctl')
    const facts = factsOf({ nodeIP: '10.89.5.11', survey: { etcdData: true } })
    const plan = await planTasks(host, etcdSnapshotTask, { ...context({ without: ['cp3'] }), facts })
    expect(listed(plan)).toEqual([])
    expect(plan.findings.map(({ finding: { severity, message } }) => `${severity} ${message}`)).toEqual([
      'warning etcd here does not tell its members, so no snapshot is saved should cp3 have been one that was lost',
    ])
  })

  test('joins without one where the user has said so', async () => {
    const { cluster, ...rest } = context({ without: ['cp3'] })
    const ignoring = { ...rest, cluster: { ...cluster, preflight: { ignore: ['EtcdSnapshot'] } } }
    expect(listed(await planTasks(host, etcdSnapshotTask, ignoring))).toEqual([])
  })

  test('is known by its address, too', async () => {
    setMembers(
      host,
      voters.map((line) => line.replace('cp3', 'web7')),
    )
    expect(listed(await planTasks(host, etcdSnapshotTask, context({ without: ['cp3'] })))).toEqual(due)
  })

  test('is no concern of a run that is limited to others', async () => {
    const others = context({ without: ['cp3'], run: ['cp1', 'cp2'] })
    expect(listed(await planTasks(host, etcdSnapshotTask, others))).toEqual([])
  })
})

describe('no snapshot is needed', () => {
  test('while all members have their data', async () => {
    expect(etcdSnapshotTask.resources(context({ without: [] }))).toEqual([])
  })

  test('for a host that joins for the first time', async () => {
    setMembers(host, [voter(1)])
    expect(listed(await planTasks(host, etcdSnapshotTask, context({ without: ['cp2', 'cp3'] })))).toEqual([])
  })

  test.each([
    ['has not started', 'ccc3, unstarted, , https://10.89.5.13:2380, , true'],
    ['learns', 'ccc3, started, cp3, https://10.89.5.13:2380, https://10.89.5.13:2379, true'],
  ])('for a new member that %s', async (_which, row) => {
    setMembers(host, [voter(1), voter(2), row])
    expect(listed(await planTasks(host, etcdSnapshotTask, context({ without: ['cp3'] })))).toEqual([])
  })

  test('where there is no etcd yet', async () => {
    const bare = sandboxHost({ name: 'cp1' })
    expect(listed(await planTasks(bare, etcdSnapshotTask, context({ without: names })))).toEqual([])
  })
})
