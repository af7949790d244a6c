import { beforeEach, describe, expect, test } from 'vitest'
import type { Leaving } from '../../../src/tasks/context.ts'
import { etcdLeave } from '../../../src/tasks/etcd/leave.ts'
import { etcdSnapshotTask } from '../../../src/tasks/etcd/snapshot.ts'
import { memberHost, setMembers, voter } from '../../support/etcd-member.ts'
import { clusterOf, contextOf, factsOf, hostOf } from '../../support/facts.ts'
import { applyTasks, listed, planTasks } from '../../support/run-task.ts'
import type { SandboxHost } from '../../support/sandbox-host.ts'

const facts = factsOf({ hostname: 'cp1', nodeIP: '10.89.5.11' })
const cluster = clusterOf({ hosts: [hostOf({ name: 'cp1' }), hostOf({ name: 'cp2' })] })
const tasks = [etcdSnapshotTask, etcdLeave]
const everything = ['create etcd-snapshot', 'delete etcd-departure']

function context(leaving: Partial<Leaving> = {}, joining: readonly string[] = []) {
  const drain = { force: false, deleteEmptyDirData: false, timeout: 60, uncordonOnFailure: false }
  const whole: Leaving = {
    name: 'cp3',
    controlPlane: true,
    runsEtcd: true,
    reached: true,
    nodeIPs: ['10.89.5.13'],
    successorIP: undefined,
    joinsEtcd: false,
    hasMember: true,
    hasNode: true,
    drain,
    ...leaving,
  }
  return contextOf({ cluster, host: cluster.hosts[0]!, facts, nodes: { joining, leaving: whole } })
}

let host: SandboxHost

function members(...lines: readonly string[]): void {
  setMembers(host, lines)
}

function silent(...indices: readonly number[]): void {
  host.write('/fake/etcd/silent', indices.map((index) => `https://10.89.5.1${index}:2379\n`).join(''))
}

async function refusals(leaving: Partial<Leaving> = {}): Promise<readonly string[]> {
  const { findings } = await planTasks(host, tasks, context(leaving))
  return findings.map(({ finding }) => `${finding.check}: ${finding.message}`)
}

beforeEach(() => {
  host = memberHost()
})

test('a control plane without a member leaves etcd as it is', async () => {
  expect(listed(await planTasks(host, tasks, context({ runsEtcd: false })))).toEqual([])
})

describe('a member that leaves', () => {
  test('goes by its id, after a verified snapshot that only root can read', async () => {
    expect(listed(await planTasks(host, tasks, context()))).toEqual(everything)
    await applyTasks(host, tasks, context())
    expect(host.read('/fake/etcd/members')).toBe(`${voter(1)}\n${voter(2)}\n`)
    const file = '/var/lib/kubewright/snapshots/without-cp3-aaa3.db'
    expect(host.read(file)).toBe('all keys')
    expect(host.snapshot().get(file)).toMatch(/^600 /)
    expect(host.snapshot().get('/var/lib/kubewright/snapshots')).toBe('700')
    expect(listed(await planTasks(host, tasks, context()))).toEqual([])
  })

  test('stays when the snapshot is damaged', async () => {
    host.write('/fake/etcd/data', 'damaged')
    await expect(applyTasks(host, tasks, context())).rejects.toMatchObject({ details: { code: 'KW3004' } })
    expect(host.read('/fake/etcd/members')).toContain('cp3')
    expect([...host.snapshot().keys()].filter((path) => /snapshots\/.*\.json$/.test(path))).toEqual([])
  })

  test('needs no second snapshot from a run that continues', async () => {
    await applyTasks(host, etcdSnapshotTask, context())
    expect(listed(await planTasks(host, tasks, context()))).toEqual(['delete etcd-departure'])
  })

  test('may be a learner that was never started', async () => {
    members(voter(1), voter(2), 'bbb3, unstarted, , https://10.89.5.13:2380, , true')
    await applyTasks(host, tasks, context())
    expect(host.read('/fake/etcd/members')).not.toContain('10.89.5.13')
  })

  test('is no worker', async () => {
    expect(listed(await planTasks(host, tasks, context({ controlPlane: false, runsEtcd: false })))).toEqual([])
  })
})

describe('it is refused, with the arithmetic,', () => {
  test('when those who stay would be no majority', async () => {
    silent(2)
    expect(await refusals()).toEqual([
      'EtcdQuorum: etcd would lose its majority: etcd has 3 voters, without cp3 2: 2 of them must live, 1 does (cp1)',
    ])
  })

  test('when the host is said to be dead and its etcd answers', async () => {
    expect(await refusals({ reached: false })).toEqual(['EtcdMemberLives: the etcd of cp3 answers, so its host lives'])
  })

  test('when etcd does not answer', async () => {
    silent(1)
    expect(await refusals()).toMatchObject([expect.stringContaining('EtcdAnswers: etcd at https://10.89.5.11:2379')])
  })

  test('but not when the dead one goes', async () => {
    silent(3)
    expect(await refusals({ reached: false })).toEqual([])
    expect(await refusals()).toEqual([])
  })
})

describe('a host that was made anew', () => {
  test('loses the place of the old one', async () => {
    await applyTasks(host, tasks, context({ reached: false, successorIP: undefined }, ['cp3']))
    expect(host.read('/fake/etcd/members')).not.toContain('cp3')
  })

  test('keeps its own', async () => {
    expect(listed(await planTasks(host, tasks, context({ reached: false, hasMember: false }, ['cp3'])))).toEqual([])
  })

  test.each([
    ['has not started', 'ccc3, unstarted, , https://10.89.5.13:2380, , true'],
    ['learns', 'ccc3, started, cp3, https://10.89.5.13:2380, https://10.89.5.13:2379, true'],
  ])('keeps its new one that %s, when the run was cut off before etcd had data', async (_which, row) => {
    members(voter(1), voter(2), row)
    expect(listed(await planTasks(host, tasks, context({ joinsEtcd: true }, ['cp3'])))).toEqual([])
  })

  test('loses its old one with a snapshot, where only the disk of etcd was lost', async () => {
    expect(listed(await planTasks(host, tasks, context({ joinsEtcd: true }, ['cp3'])))).toEqual(everything)
  })

  test('at another address keeps the member that has its name by now', async () => {
    members(voter(1), voter(2), 'ccc3, started, cp3, https://10.89.5.33:2380, https://10.89.5.33:2379, true')
    const nodes = context({ reached: false, successorIP: '10.89.5.33' }, ['cp3'])
    expect(listed(await planTasks(host, tasks, nodes))).toEqual([])
  })
})
