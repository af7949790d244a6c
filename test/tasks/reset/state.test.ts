import { beforeEach, expect, test, vi } from 'vitest'
import { resetContainerd } from '../../../src/tasks/reset/containerd.ts'
import { resetData } from '../../../src/tasks/reset/data.ts'
import { resetNetwork } from '../../../src/tasks/reset/network.ts'
import { resetPods } from '../../../src/tasks/reset/pods.ts'
import { resetTasks } from '../../../src/tasks/reset/tasks.ts'
import { contextOf, hostOf } from '../../support/facts.ts'
import { applyTasks, listed, planTasks, touched } from '../../support/run-task.ts'
import { sandboxHost, type SandboxHost } from '../../support/sandbox-host.ts'
import { close, due, factsWith, install, oursContext, reset } from './support.ts'

vi.setConfig({ testTimeout: 90_000 })

let host: SandboxHost

beforeEach(() => {
  host = sandboxHost()
  host.provide('du')
})

function node(): void {
  host.write('/usr/lib/systemd/system/kubelet.service', '')
  host.write('/etc/systemd/system/containerd.service', '')
  for (const unit of ['kubelet', 'containerd']) {
    host.write(`/fake/units/${unit}.service/active`, 'active')
    host.write(`/fake/units/${unit}.service/enabled`, 'enabled')
  }
  host.write('/etc/kubernetes/pki/ca.key', 'key', 0o600)
  host.write('/etc/kubernetes/manifests/etcd.yaml', '')
  host.write('/var/lib/etcd/member/wal/0.wal', 'x'.repeat(4_000_000))
  host.write('/var/lib/etcd/lost+found/1', '')
  host.write('/var/lib/kubelet/config.yaml', '')
  host.write('/var/lib/kubelet/pods/1/volumes/token', '')
  host.write('/var/lib/containerd/io.containerd.content.v1.content/blobs/1', '')
  host.write('/var/lib/cni/networks/cbr0/10.244.0.2', '')
  host.write('/etc/cni/net.d/10-flannel.conflist', '{}')
  host.write('/opt/cni/bin/flannel', '', 0o755)
  host.write('/var/lib/kubewright/services/kubelet.service', 'stamp')
}

test('services are stopped, and keys, data, images and what the network keeps are gone', async () => {
  node()
  const plan = await planTasks(host, resetTasks, oursContext())
  expect(listed(plan)).toEqual([
    'run stopped:kubelet.service',
    'delete erased:cni',
    'delete erased:kubelet',
    'delete erased:kubernetes',
    'delete erased:etcd',
    'run stopped:containerd.service',
    'delete erased:containerd',
    'delete reset:directories',
    'delete reset:identity',
  ])
  expect(plan.changes.find(({ resource }) => resource === 'erased:etcd')?.change.summary).toMatch(
    /^remove etcd's data in \/var\/lib\/etcd \([34] MB\)$/,
  )
  expect(await reset(host)).toEqual([])
  for (const path of [
    '/etc/kubernetes',
    '/var/lib/kubelet',
    '/var/lib/containerd',
    '/var/lib/cni',
    '/etc/cni',
    '/opt/cni',
  ]) {
    expect(host.snapshot().has(path), path).toBe(false)
  }
  // a disk of its own keeps what belongs to the file system
  expect(host.snapshot().has('/var/lib/etcd/member')).toBe(false)
  expect(host.snapshot().has('/var/lib/etcd/lost+found/1')).toBe(true)
  expect(host.read('/fake/units/kubelet.service/active')).toBe('inactive\n')
  expect(host.read('/fake/units/containerd.service/enabled')).toBe('disabled\n')
})

test('planning writes nothing', async () => {
  node()
  const before = host.snapshot()
  await due(host)
  expect(touched(before, host.snapshot())).toEqual([])
})

test('a reset that was killed continues where it stopped', async () => {
  node()
  await applyTasks(host, [resetPods, resetNetwork], oursContext())
  expect(await due(host)).toEqual([
    'delete erased:kubelet',
    'delete erased:kubernetes',
    'delete erased:etcd',
    'run stopped:containerd.service',
    'delete erased:containerd',
    'delete reset:directories',
    'delete reset:identity',
  ])
  expect(await reset(host)).toEqual([])
})

test('the containerd of somebody else keeps running, with its images', async () => {
  node()
  const context = contextOf({ facts: factsWith('/usr/bin/kubelet') })
  expect(resetContainerd.resources(context)).toEqual([])
  await reset(host, context)
  expect(host.read('/fake/units/containerd.service/active')).toBe('active')
  expect(host.read('/var/lib/containerd/io.containerd.content.v1.content/blobs/1')).toBe('')
})

test('directories that the inventory names are cleared of what Kubernetes makes there, and of nothing else', async () => {
  const directories = { etcd: '/data/etcd', containerd: '/data', kubelet: '/data' }
  host.write('/data/etcd/member/snap/db', '')
  host.write('/data/io.containerd.metadata.v1.bolt/meta.db', '')
  host.write('/data/pods/1/volumes/token', '')
  host.write('/data/cpu_manager_state', '')
  host.write('/data/photos/1.jpg', 'dear')
  const context = oursContext({ host: hostOf({ directories }) })
  expect(await reset(host, context)).toEqual([])
  expect(host.read('/data/photos/1.jpg')).toBe('dear')
  for (const path of [
    'etcd/member/snap/db',
    'io.containerd.metadata.v1.bolt/meta.db',
    'pods/1/volumes/token',
    'cpu_manager_state',
  ]) {
    expect(host.read(`/data/${path}`), path).toBeUndefined()
  }
})

test('addresses and configurations of other users of the CNI plugins stay', async () => {
  node()
  host.write('/etc/cni/net.d/87-podman.conflist', '{}')
  host.write('/var/lib/cni/networks/podman/10.88.0.2', '')
  host.write('/var/lib/cni/cache/results/podman-1-eth0', '')
  host.write('/var/lib/cni/cache/results/cbr0-1-eth0', '')
  await applyTasks(host, resetNetwork, oursContext())
  expect(host.read('/etc/cni/net.d/87-podman.conflist')).toBe('{}')
  expect(host.read('/var/lib/cni/networks/podman/10.88.0.2')).toBe('')
  expect(host.read('/var/lib/cni/cache/results/podman-1-eth0')).toBe('')
  expect(host.read('/var/lib/cni/cache/results/cbr0-1-eth0')).toBeUndefined()
})

test('nothing is removed through something that is still mounted', async () => {
  host.write('/var/lib/kubelet/pods/1/volumes/data/dear', 'dear')
  host.write('/proc/self/mountinfo', '21 20 8:1 / /var/lib/kubelet/pods/1/volumes/data rw - ext4 /dev/sdb rw\n')
  const [, erasing] = resetData.resources(oursContext())
  const only = { ...resetData, resources: () => (erasing === undefined ? [] : [erasing]) }
  await expect(applyTasks(host, only, oursContext())).rejects.toMatchObject({
    details: { code: 'KW3004', output: expect.stringContaining('/var/lib/kubelet/pods/1/volumes/data') as string },
  })
  expect(host.read('/var/lib/kubelet/pods/1/volumes/data/dear')).toBe('dear')
})

test('afterwards the host belongs to nobody, and the log of the reset is where logs are', async () => {
  await install(host, '/etc/new.conf', 'ours\n')
  await close(host, false)
  expect(host.read('/var/lib/kubewright/cluster.json')).toContain('cluster-1')
  await reset(host)
  await close(host, true)
  expect([...host.snapshot().keys()].filter((path) => path.startsWith('/var/lib/kubewright'))).toEqual([])
  const log = host.read('/var/log/kubewright/op-1.ndjson') ?? ''
  expect(log).toContain('"resource":"reset:identity"')
  expect(log.trimEnd().split('\n').at(-1)).toContain('"status":"done"')
})
