import { beforeEach, describe, expect, test } from 'vitest'
import type { ObservedControlPlane } from '../../src/kubernetes/observed.ts'
import { controlPlaneApiServer } from '../../src/tasks/control-plane/static-pods.ts'
import { etcdJoin, etcdMember } from '../../src/tasks/etcd/member.ts'
import { clusterOf, contextOf, factsOf, hostOf, observedOf } from '../support/facts.ts'
import { applyTasks } from '../support/run-task.ts'
import { flyingTime, sandboxHost, type SandboxHost } from '../support/sandbox-host.ts'

const hosts = ['cp1', 'cp2', 'cp3'].map((name) => hostOf({ name }))
const fleet = new Map(hosts.map(({ name }, index) => [name, factsOf({ nodeIP: `10.89.5.1${index + 1}` })] as const))
const controlPlanes = hosts.map(({ name }): ObservedControlPlane => ({
  host: name,
  hasEtcdData: true,
  apiServer: name === 'cp3' ? 'silent' : 'up',
  etcdElsewhere: [],
  hasSuperAdmin: false,
  ledAt: 0,
  etcdMembers: undefined,
}))
const facts = fleet.get('cp2') ?? factsOf()
const observed = observedOf({ exists: true, api: 'up', controlPlanes })
const context = contextOf({ cluster: clusterOf({ hosts }), host: hosts[1] ?? hostOf(), facts, fleet, observed })

const etcdManifest = '/etc/kubernetes/manifests/etcd.yaml'
const apiManifest = '/etc/kubernetes/manifests/kube-apiserver.yaml'

let host: SandboxHost

/** An edit by hand, which apply takes back. */
function edit(manifest: string): void {
  host.write(manifest, (host.read(manifest) ?? '').replace('priorityClassName', 'edited'), 0o600)
}

function isEdited(manifest: string): boolean {
  return host.read(manifest)?.includes('edited') === true
}

function program(name: string, script: string): void {
  host.write(`/usr/local/sbin/${name}`, `#!/bin/sh\n${script}\n`, 0o755)
}

beforeEach(() => {
  host = sandboxHost({ name: 'cp2' })
  flyingTime(host)
  // Each look finds another sandbox.
  program('ctr', 'od -An -N4 -tx1 /dev/urandom')
})

describe('a member of etcd that is changed', () => {
  beforeEach(async () => {
    host.install('etcdctl')
    host.write('/etc/kubernetes/pki/etcd/healthcheck-client.crt', 'certificate')
    host.write('/proc/1/comm', 'systemd\n')
    host.write('/fake/etcd/members', [1, 2, 3].map(memberLine).join(''))
    host.write('/var/lib/etcd/member/wal/0.wal', 'data')
    await applyTasks(host, etcdMember, context)
    edit(etcdManifest)
  })

  test('stops while all the others are healthy', async () => {
    await applyTasks(host, etcdJoin, context)
    expect(isEdited(etcdManifest)).toBe(false)
  })

  test('does not stop while another is ill, since the quorum would be lost', async () => {
    host.write('/fake/etcd/ill', 'https://10.89.5.13:2379\n')
    await expect(applyTasks(host, etcdJoin, context)).rejects.toMatchObject({
      details: {
        code: 'KW3004',
        output: expect.stringContaining('etcd at https://10.89.5.13:2379 is not healthy, so etcd is not stopped here'),
      },
    })
    expect(isEdited(etcdManifest)).toBe(true)
  })

  test('is a failure if it does not come back, so that the next one is not stopped', async () => {
    program('ctr', `echo 'https://10.89.5.12:2379' >/fake/etcd/ill; od -An -N4 -tx1 /dev/urandom`)
    await expect(applyTasks(host, etcdMember, context)).rejects.toMatchObject({
      details: { output: expect.stringContaining('etcd does not become healthy with its new manifest') },
    })
  })

  test('is replaced whatever the others are if it is dead itself', async () => {
    host.write('/fake/etcd/silent', 'https://10.89.5.12:2379\n')
    host.write('/fake/etcd/ill', 'https://10.89.5.13:2379\n')
    await applyTasks(host, etcdJoin, context)
    expect(isEdited(etcdManifest)).toBe(false)
  })
})

describe('an API server that is changed', () => {
  beforeEach(async () => {
    await applyTasks(host, controlPlaneApiServer, context)
    edit(apiManifest)
    host.write('/etc/kubernetes/admin.conf', 'x')
    // Who is named here does not answer.
    program('kubectl', `echo "$*" >>/fake/asked; echo "$*" | grep -qFf /fake/dead && exit 1; echo ok`)
    host.write('/fake/dead', 'nobody\n')
  })

  test('stops while all the others are ready, those too that were silent before', async () => {
    await applyTasks(host, controlPlaneApiServer, context)
    expect(isEdited(apiManifest)).toBe(false)
  })

  test('does not stop while another is not ready', async () => {
    host.write('/fake/dead', '10.89.5.13\n')
    await expect(applyTasks(host, controlPlaneApiServer, context)).rejects.toMatchObject({
      details: { output: expect.stringContaining('https://10.89.5.13:6443 is not ready, so no other one is stopped') },
    })
    expect(isEdited(apiManifest)).toBe(true)
  })

  test('is a failure if it does not come back, and is not asked for its pod before it is back', async () => {
    program('ctr', `echo 10.89.5.12 >/fake/dead; od -An -N4 -tx1 /dev/urandom`)
    await expect(applyTasks(host, controlPlaneApiServer, context)).rejects.toMatchObject({
      details: { output: expect.stringContaining('the API server does not become ready with its new manifest') },
    })
    expect(host.read('/fake/asked')).not.toContain('get pod')
  })

  test('is replaced whatever the others are if it is dead itself', async () => {
    host.write('/fake/dead', '10.89.5.12\n10.89.5.13\n')
    await applyTasks(host, controlPlaneApiServer, context)
    expect(isEdited(apiManifest)).toBe(false)
  })
})

/** A line of `etcdctl member list`. */
function memberLine(index: number): string {
  return `aaa${index}, started, cp${index}, https://10.89.5.1${index}:2380, https://10.89.5.1${index}:2379, false\n`
}
