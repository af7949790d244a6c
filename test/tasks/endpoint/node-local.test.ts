import { beforeEach, describe, expect, test } from 'vitest'
import { task } from '../../../src/engine/task.ts'
import { file } from '../../../src/resources/file.ts'
import type { Context } from '../../../src/tasks/context.ts'
import { endpointNodeLocal } from '../../../src/tasks/endpoint/node-local.ts'
import { endpointUnused } from '../../../src/tasks/endpoint/unused.ts'
import { clusterOf, contextOf, factsOf, hostOf, workerOf } from '../../support/facts.ts'
import { applyTasks, listed, planTasks } from '../../support/run-task.ts'
import { flyingTime, sandboxHost, type SandboxHost } from '../../support/sandbox-host.ts'

const manifest = '/etc/kubernetes/manifests/haproxy.yaml'
const configuration = '/etc/kubernetes/haproxy/haproxy.cfg'
const controlPlaneEndpoint = { address: '127.0.0.1', port: 6443, provider: 'node-local', explicit: true } as const
const worker = workerOf('w1', '10.89.5.21')
const facts = factsOf({ hostname: 'w1', nodeIP: '10.89.5.21' })

function context(...addresses: readonly string[]) {
  const controlPlanes = addresses.map((_, index) => hostOf({ name: `cp${index + 1}` }))
  const cluster = clusterOf({ controlPlaneEndpoint, hosts: [...controlPlanes, worker] })
  const fleet = new Map([
    ...addresses.map((nodeIP, index) => [`cp${index + 1}`, factsOf({ nodeIP })] as const),
    ['w1', facts] as const,
  ])
  return contextOf({ cluster, host: worker, facts, fleet })
}

/** What a control plane has of ours beside it. */
const controlPlane = task<Context>({
  name: 'control-plane',
  summary: 'Run etcd',
  resources: () => [file('/etc/kubernetes/manifests/etcd.yaml', 'kind: Pod\n')],
})

let host: SandboxHost

beforeEach(() => {
  host = sandboxHost({ name: 'w1' })
  host.write('/etc/kubernetes/manifests/users-own.yaml', 'kind: Pod\n')
})

test('a worker has a proxy to all control planes, each checked by its readiness', async () => {
  await applyTasks(host, endpointNodeLocal, context('10.89.5.11', '10.89.5.12', '10.89.5.13'))
  const text = host.read(configuration) ?? ''
  expect(text).toContain('bind 127.0.0.1:6443\n')
  expect(text.match(/^ {2}server .*$/gm)).toEqual([
    '  server cp1 10.89.5.11:6443',
    '  server cp2 10.89.5.12:6443',
    '  server cp3 10.89.5.13:6443',
  ])
  expect(text).toContain('option httpchk\n  http-check send meth GET uri /readyz\n')
  expect(host.read(manifest)).toContain('image: docker.io/library/haproxy:2.6')
})

test('it changes when the control planes do, and only then', async () => {
  await applyTasks(host, endpointNodeLocal, context('10.89.5.11'))
  expect(listed(await planTasks(host, endpointNodeLocal, context('10.89.5.11')))).toEqual([])
  expect(listed(await planTasks(host, endpointNodeLocal, context('10.89.5.11', '10.89.5.12')))).toEqual([
    `update file:${configuration}`,
  ])
})

/** The stand-in of bash has from it which configuration it has read: the one that there is, or the one that it was started with. */
function started(how: 'reads anew' | 'goes on as it was'): void {
  host.write('/proc/41/comm', 'haproxy\n')
  host.write('/fake/haproxy.cfg', host.read(configuration) ?? '')
  const read = how === 'reads anew' ? configuration : '/fake/haproxy.cfg'
  const answer = `sed -n 's/.*text.plain string \\([0-9a-f]*\\) .*/\\1/p' ${read}`
  host.write('/usr/local/sbin/bash', `#!/bin/sh\n${answer}\n`, 0o755)
}

describe('a proxy that runs', () => {
  test('is told to read another configuration, and is not started anew', async () => {
    await applyTasks(host, endpointNodeLocal, context('10.89.5.11'))
    started('reads anew')
    expect(listed(await planTasks(host, endpointNodeLocal, context('10.89.5.11')))).toEqual([])
    const more = context('10.89.5.11', '10.89.5.12')
    expect(listed(await planTasks(host, endpointNodeLocal, more))).toEqual([
      `update file:${configuration}`,
      'update haproxy',
    ])
    await applyTasks(host, endpointNodeLocal, more)
    expect(listed(await planTasks(host, endpointNodeLocal, more))).toEqual([])
  })

  test('is told again when a run was cut off before it was', async () => {
    await applyTasks(host, endpointNodeLocal, context('10.89.5.11'))
    started('goes on as it was')
    const more = context('10.89.5.11', '10.89.5.12')
    flyingTime(host)
    await expect(applyTasks(host, endpointNodeLocal, more)).rejects.toMatchObject({
      details: { output: expect.stringContaining('haproxy goes on with an earlier configuration') as string },
    })
    expect(listed(await planTasks(host, endpointNodeLocal, more))).toEqual(['update haproxy'])
  })

  test('cannot be asked without bash, and that is told', async () => {
    host.write('/proc/41/comm', 'haproxy\n')
    const { findings } = await planTasks(host, endpointNodeLocal, context('10.89.5.11'))
    expect(findings.map(({ finding: { severity, check } }) => `${severity} ${check}`)).toEqual([
      'warning HaproxyConfiguration',
    ])
  })
})

test('it goes when the endpoint is another one, and pods of others stay', async () => {
  const nodeLocal = context('10.89.5.11')
  await applyTasks(host, endpointNodeLocal, nodeLocal)
  await applyTasks(host, controlPlane, nodeLocal)
  expect(listed(await planTasks(host, endpointUnused, nodeLocal))).toEqual([])
  const endpoint = { address: 'api.lab', port: 6443, provider: 'external', explicit: true } as const
  const external = { ...nodeLocal, cluster: { ...nodeLocal.cluster, controlPlaneEndpoint: endpoint } }
  expect(listed(await planTasks(host, endpointNodeLocal, external))).toEqual([])
  await applyTasks(host, endpointUnused, external)
  expect(host.read(manifest)).toBeUndefined()
  expect(host.read(configuration)).toBeUndefined()
  expect(host.read('/etc/kubernetes/manifests/users-own.yaml')).toBe('kind: Pod\n')
  expect(host.read('/etc/kubernetes/manifests/etcd.yaml')).toBe('kind: Pod\n')
})

test('a proxy that is not ours stays', async () => {
  const endpoint = { address: 'api.lab', port: 6443, provider: 'external', explicit: true } as const
  const nodeLocal = context('10.89.5.11')
  host.write(manifest, 'kind: Pod\n')
  const external = { ...nodeLocal, cluster: { ...nodeLocal.cluster, controlPlaneEndpoint: endpoint } }
  expect(listed(await planTasks(host, endpointUnused, external))).toEqual([])
})
