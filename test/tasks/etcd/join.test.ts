import { beforeEach, describe, expect, test } from 'vitest'
import { parseMembers } from '../../../src/kubernetes/etcd-members.ts'
import { etcdJoin, etcdMember } from '../../../src/tasks/etcd/member.ts'
import { clusterOf, contextOf, factsOf, hostOf, observedOf } from '../../support/facts.ts'
import { applyTasks, listed, planTasks } from '../../support/run-task.ts'
import { flyingTime, sandboxHost, type SandboxHost } from '../../support/sandbox-host.ts'

const manifest = '/etc/kubernetes/manifests/etcd.yaml'
const hosts = [1, 2, 3].map((index) => {
  const host = hostOf({ name: `cp${index}` })
  return { ...host, ssh: { ...host.ssh, address: `10.89.5.1${index}` } }
})
const facts = factsOf({ hostname: 'cp2', nodeIP: '10.89.5.12' })
const fleet = new Map([
  ['cp1', factsOf({ nodeIP: '10.89.5.11' })],
  ['cp2', facts],
  ['cp3', factsOf({ nodeIP: '10.89.5.13' })],
])
const context = contextOf({ cluster: clusterOf({ hosts }), host: hosts[1]!, facts, fleet })

const voter = 'aaa1, started, cp1, https://10.89.5.11:2380, https://10.89.5.11:2379, false'
const everything = ['create etcd-membership', `create file:${manifest}`, 'update etcd-vote']

let host: SandboxHost

function members(...lines: readonly string[]): void {
  host.write('/fake/etcd/members', lines.map((line) => `${line}\n`).join(''))
}

function mutations(): readonly string[] {
  const asked = host.read('/fake/etcd/asked') ?? ''
  return asked.split('\n').filter((line) => line !== '' && line !== 'member list')
}

beforeEach(() => {
  host = sandboxHost({ name: 'cp2' })
  host.install('etcdctl')
  host.write('/etc/kubernetes/pki/etcd/healthcheck-client.crt', 'certificate')
  host.write('/fake/etcd/silent', 'https://10.89.5.12:2379\n')
  host.write('/proc/1/comm', 'systemd\n')
  members(voter)
})

describe('a control plane that joins etcd', () => {
  test('becomes a learner, starts with the members of that moment, and gets its vote', async () => {
    expect(listed(await planTasks(host, etcdJoin, context))).toEqual(expect.arrayContaining(everything))
    await applyTasks(host, etcdJoin, context)
    expect(host.read('/fake/etcd/members')).toBe(`${voter}\nabc1, started, cp2, https://10.89.5.12:2380, , false\n`)
    const pod = host.read(manifest) ?? ''
    expect(pod).toContain('--initial-cluster=cp1=https://10.89.5.11:2380,cp2=https://10.89.5.12:2380')
    expect(pod).toContain('--initial-cluster-state=existing')
    expect(listed(await planTasks(host, etcdJoin, context))).toEqual([])
  })

  test('is planned on a bare host, too, whose etcdctl is yet to come', async () => {
    const bare = sandboxHost({ name: 'cp2' })
    expect(listed(await planTasks(bare, etcdJoin, context))).toEqual(expect.arrayContaining(everything))
  })

  test('asks the next voter where the first does not answer', async () => {
    host.write('/fake/etcd/silent', 'https://10.89.5.12:2379\nhttps://10.89.5.11:2379\n')
    members(voter, 'aaa3, started, cp3, https://10.89.5.13:2380, https://10.89.5.13:2379, false')
    await applyTasks(host, etcdJoin, context)
    expect(host.read('/fake/etcd/members')).toContain('cp2, https://10.89.5.12:2380, , false')
  })

  test('gives up by the clock where nobody answers', async () => {
    flyingTime(host)
    host.write('/usr/local/sbin/etcdctl', '#!/bin/sh\necho "$*" >>/fake/tries\nexit 1\n', 0o755)
    await expect(applyTasks(host, etcdJoin, context)).rejects.toMatchObject({
      details: { output: expect.stringContaining('takes no new member: no member answers') },
    })
    expect(host.read('/fake/tries')?.split('\n').length).toBeLessThan(30)
  })

  test('waits until it is in sync before it votes', async () => {
    host.write('/fake/etcd/behind', '')
    await applyTasks(host, etcdJoin, context)
    expect(mutations().filter((line) => line.startsWith('member promote'))).toHaveLength(2)
  })
})

describe('after a run that was killed', () => {
  test('a learner that was never started is used', async () => {
    members(voter, 'bbb2, unstarted, , https://10.89.5.12:2380, , true')
    await applyTasks(host, etcdJoin, context)
    expect(mutations()).toEqual(['member promote bbb2'])
  })

  test('a manifest without data gets the members of this moment', async () => {
    members(voter, 'bbb2, unstarted, , https://10.89.5.12:2380, , true')
    host.write(manifest, 'spec: { containers: [{ command: [etcd, "--initial-cluster=cp1=https://old"] }] }\n')
    expect(listed(await planTasks(host, etcdJoin, context))).toContain(`update file:${manifest}`)
    await applyTasks(host, etcdJoin, context)
    expect(host.read(manifest)).toContain('=cp1=https://10.89.5.11:2380,cp2=https://10.89.5.12:2380')
  })

  test('a learner that runs only lacks its vote', async () => {
    await applyTasks(host, etcdJoin, context)
    members(voter, 'bbb2, started, cp2, https://10.89.5.12:2380, https://10.89.5.12:2379, true')
    expect(listed(await planTasks(host, etcdJoin, context))).toEqual(['update etcd-vote'])
    await applyTasks(host, etcdJoin, context)
    expect(host.read('/fake/etcd/members')).toContain('https://10.89.5.12:2379, false')
  })

  test("another host's learner goes if it was never started, so that there is one at a time", async () => {
    members(voter, 'ccc3, unstarted, , https://10.89.5.13:2380, , true')
    await applyTasks(host, etcdJoin, context)
    expect(mutations()[0]).toBe('member remove ccc3')
    expect(host.read('/fake/etcd/members')).not.toContain('10.89.5.13')
  })

  test("another host's learner gets its vote if it runs", async () => {
    members(voter, 'ccc3, started, cp3, https://10.89.5.13:2380, https://10.89.5.13:2379, true')
    await applyTasks(host, etcdJoin, context)
    expect(mutations()[0]).toBe('member promote ccc3')
    expect(host.read(manifest)).toContain('cp3=https://10.89.5.13:2380,cp2=https://10.89.5.12:2380')
  })

  test("another host's learner that never catches up is named, with what to do", async () => {
    flyingTime(host)
    members(voter, 'ccc3, started, cp3, https://10.89.5.13:2380, https://10.89.5.13:2379, true')
    host.write('/fake/etcd/never', '')
    await expect(applyTasks(host, etcdJoin, context)).rejects.toMatchObject({
      details: { output: expect.stringMatching(/the learner cp3 .*in sync.*etcdctl member remove ccc3/) },
    })
  })
})

describe('a start that failed leaves a directory, but no data', () => {
  beforeEach(() => host.write('/var/lib/etcd/member/snap/db', 'nothing'))

  test('so whoever lost its place among the members meanwhile gets another one', async () => {
    host.write(manifest, 'spec: { containers: [{ command: [etcd, "--initial-cluster=cp1=https://old"] }] }\n')
    members(voter, 'ccc3, started, cp3, https://10.89.5.13:2380, https://10.89.5.13:2379, false')
    const plan = await planTasks(host, etcdJoin, context)
    expect(plan.findings).toEqual([])
    expect(listed(plan)).toContain('create etcd-membership')
    await applyTasks(host, etcdJoin, context)
    expect(host.read(manifest)).toContain('cp3=https://10.89.5.13:2380,cp2=https://10.89.5.12:2380')
    expect(host.read('/fake/etcd/members')).toContain('cp2, https://10.89.5.12:2380, , false')
  })

  test('so a voter whose disk was replaced joins again', async () => {
    await applyTasks(host, etcdJoin, context)
    host.remove('/var/lib/etcd/member/wal')
    expect(listed(await planTasks(host, etcdJoin, context))).toEqual([
      'update etcd-membership',
      `update file:${manifest}`,
      'update etcd-vote',
    ])
    await applyTasks(host, etcdJoin, context)
    expect(mutations().filter((line) => line.startsWith('member add'))).toHaveLength(2)
    expect(listed(await planTasks(host, etcdJoin, context))).toEqual([])
  })

  test('and a log elsewhere is data', async () => {
    const cluster = clusterOf({
      hosts,
      etcd: { ...clusterOf().etcd, extraArgs: [{ name: 'wal-dir', value: '/srv/wal' }] },
    })
    host.write('/srv/wal/0.wal', 'data')
    const { findings } = await planTasks(host, etcdJoin, { ...context, cluster })
    expect(findings).toMatchObject([{ finding: { check: 'EtcdMember' } }])
  })
})

describe('a control plane that was made anew', () => {
  const old = 'old2, started, cp2, https://10.89.5.12:2380, https://10.89.5.12:2379, false'
  const announced = 'etcd member cp2: remove old2 (https://10.89.5.12:2380), whose data is gone, and add'

  test('says that a member goes, even where its host has no etcdctl yet', async () => {
    members(voter, old)
    const plan = await planTasks(host, etcdJoin, context)
    expect(listed(plan)).toContain('update etcd-membership')
    expect(plan.changes.map(({ change }) => change.summary).join('\n')).toContain(announced)
    const controlPlane = {
      host: 'cp1',
      hasEtcdData: true,
      apiServer: 'up',
      etcdElsewhere: [],
      hasSuperAdmin: true,
      ledAt: 0,
    } as const
    const controlPlanes = [{ ...controlPlane, etcdMembers: parseMembers(`${voter}\n${old}\n`) }]
    const asked = { ...context, observed: observedOf({ controlPlanes }) }
    const bare = await planTasks(sandboxHost({ name: 'cp2' }), etcdJoin, asked)
    expect(bare.changes.map(({ change }) => change.summary).join('\n')).toContain(announced)
  })

  test('leaves its old place among the members, whose data is gone, and joins again', async () => {
    members(voter, 'old2, started, cp2, https://10.89.5.12:2380, https://10.89.5.12:2379, false')
    await applyTasks(host, etcdJoin, context)
    expect(mutations().slice(0, 2)).toEqual([
      'member remove old2',
      'member add cp2 --learner --peer-urls https://10.89.5.12:2380',
    ])
  })

  test('is not taken for one while an etcd runs there with its data elsewhere', async () => {
    members(voter, 'old2, started, cp2, https://10.89.5.12:2380, https://10.89.5.12:2379, false')
    host.write('/proc/7/comm', 'etcd\n')
    await expect(applyTasks(host, etcdJoin, context)).rejects.toMatchObject({
      details: { code: 'KW3004', output: expect.stringContaining('an etcd runs here without data in /var/lib/etcd') },
    })
    expect(mutations()).toEqual([])
  })

  test('with data that the others know nothing of is refused before anything is done', async () => {
    host.write('/var/lib/etcd/member/wal/0.wal', 'data')
    const { findings } = await planTasks(host, etcdJoin, context)
    expect(findings).toMatchObject([{ finding: { check: 'EtcdMember', severity: 'error', final: true } }])
  })
})

test('a data directory that etcd does not have its data in is refused before anything is done', async () => {
  await applyTasks(host, etcdMember, context)
  expect((await planTasks(host, etcdMember, context)).findings).toEqual([])
  const directories = { ...hosts[1]!.directories, etcd: '/srv/etcd' }
  const moved = { ...context, host: { ...hosts[1]!, directories } }
  const { findings } = await planTasks(host, etcdMember, moved)
  expect(findings).toMatchObject([{ finding: { check: 'EtcdDataDirectory', severity: 'error', final: true } }])
  expect(findings[0]?.finding.message).toContain('in /var/lib/etcd, the inventory says /srv/etcd')
})

describe('the members that a member was started with', () => {
  test('stay as they are in its manifest, and the rest of it is repaired', async () => {
    await applyTasks(host, etcdJoin, context)
    const before = host.read(manifest) ?? ''
    members(
      voter,
      'bbb2, started, cp2, https://10.89.5.12:2380, https://10.89.5.12:2379, false',
      'ccc3, started, cp3, https://10.89.5.13:2380, https://10.89.5.13:2379, false',
    )
    expect(listed(await planTasks(host, etcdJoin, context))).toEqual([])
    expect(listed(await planTasks(host, etcdMember, context))).toEqual([])
    host.write(manifest, before.replace('--snapshot-count=10000', '--snapshot-count=1'), 0o600)
    expect(listed(await planTasks(host, etcdMember, context))).toEqual([`update file:${manifest}`])
  })

  test('are itself alone where the cluster begins', async () => {
    await applyTasks(host, etcdMember, context)
    expect(host.read(manifest)).toContain('--initial-cluster=cp2=https://10.89.5.12:2380\n')
    expect(host.read(manifest)).not.toContain('initial-cluster-state')
  })
})
