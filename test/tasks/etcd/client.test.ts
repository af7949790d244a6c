import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { etcdClientKey } from '../../../src/kubernetes/external-etcd.ts'
import { containerdImages, apiServerImages } from '../../../src/tasks/containerd/images.ts'
import { controlPlaneApiServer } from '../../../src/tasks/control-plane/static-pods.ts'
import type { Context } from '../../../src/tasks/context.ts'
import { etcdClient } from '../../../src/tasks/etcd/client.ts'
import { etcdJoin, etcdMember } from '../../../src/tasks/etcd/member.ts'
import { pkiAuthorities } from '../../../src/tasks/pki/authorities.ts'
import { pkiControlPlane } from '../../../src/tasks/pki/control-plane.ts'
import { Secret } from '../../../src/transport/command.ts'
import { clusterWith, etcdPki, externalOf, type EtcdPki } from '../../support/external-etcd.ts'
import { contextOf } from '../../support/facts.ts'
import { applyTasks, listed, planTasks } from '../../support/run-task.ts'
import { sandboxHost, type SandboxHost } from '../../support/sandbox-host.ts'

const ca = '/etc/kubernetes/pki/etcd/ca.crt'
const certificate = '/etc/kubernetes/pki/apiserver-etcd-client.crt'
const key = '/etc/kubernetes/pki/apiserver-etcd-client.key'

let pki: EtcdPki
let host: SandboxHost

beforeAll(async () => {
  pki = await etcdPki()
})

beforeEach(() => {
  host = sandboxHost()
})

function context(overrides: Partial<EtcdPki> = {}): Context {
  const given = { ...pki, ...overrides }
  const cluster = clusterWith(externalOf(given))
  return contextOf({ cluster, secrets: new Map([[etcdClientKey, given.key]]) })
}

describe('the files for an external etcd', () => {
  test("come to kubeadm's places, the key for root alone, and stay", async () => {
    await applyTasks(host, etcdClient, context())
    expect(host.read(ca)).toBe(pki.ca)
    expect(host.read(certificate)).toBe(pki.client)
    expect(host.read(key)).toBe(pki.key.reveal())
    expect([ca, certificate, key].map((path) => host.snapshot().get(path)?.split(' ')[0])).toEqual([
      '644',
      '644',
      '600',
    ])
    expect(listed(await planTasks(host, etcdClient, context()))).toEqual([])
  })

  test('are repaired, and the key is in no plan', async () => {
    await applyTasks(host, etcdClient, context())
    host.write(key, 'another key\n', 0o644)
    const plan = await planTasks(host, etcdClient, context())
    expect(listed(plan)).toEqual([`update file:${key}`])
    const [planned] = plan.changes
    expect(planned?.change.diff).toBeUndefined()
    await applyTasks(host, etcdClient, context())
    expect(host.read(key)).toBe(pki.key.reveal())
  })

  test('are not there with an etcd beside the API server', () => {
    expect(etcdClient.resources(contextOf())).toEqual([])
  })
})

describe('the API server of an external etcd', () => {
  test('is led to it', async () => {
    await applyTasks(host, controlPlaneApiServer, context())
    const pod = host.read('/etc/kubernetes/manifests/kube-apiserver.yaml') ?? ''
    expect(pod).toContain('--etcd-servers=https://10.89.5.31:2379\n')
    expect(pod).toContain(`--etcd-cafile=${ca}\n`)
  })

  test('starts anew with another CA of etcd, and not with another client certificate', async () => {
    await applyTasks(host, controlPlaneApiServer, context())
    const renewed = context({ client: `${pki.client}\n`, key: new Secret('new') })
    expect(listed(await planTasks(host, controlPlaneApiServer, renewed))).toEqual([])
    const other = context({ ca: `${pki.ca}\n` })
    expect(listed(await planTasks(host, controlPlaneApiServer, other))).toHaveLength(1)
  })
})

test('nothing of an etcd of our own is made', () => {
  expect(etcdMember.resources(context())).toEqual([])
  expect(etcdJoin.resources(context())).toEqual([])
  const ids = [pkiAuthorities, pkiControlPlane, apiServerImages, containerdImages].flatMap((task) =>
    task.resources(context()).map(({ id }) => id),
  )
  expect(ids.filter((id) => id.includes('etcd'))).toEqual([])
  expect(ids).toContain('authority:front-proxy-ca')
})
