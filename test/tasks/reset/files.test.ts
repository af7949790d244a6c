import { beforeEach, expect, test, vi } from 'vitest'
import { hostModules } from '../../../src/tasks/host/modules.ts'
import { hostNames } from '../../../src/tasks/host/names.ts'
import { hostSwap } from '../../../src/tasks/host/swap.ts'
import { hostSysctl } from '../../../src/tasks/host/sysctl.ts'
import { resetFiles } from '../../../src/tasks/reset/files.ts'
import { sh } from '../../../src/transport/command.ts'
import { hostOf } from '../../support/facts.ts'
import { applyTasks, listed, planTasks, touched } from '../../support/run-task.ts'
import { sandboxHost, type SandboxHost } from '../../support/sandbox-host.ts'
import { close, due, idle, install, oursContext, remove, reset } from './support.ts'

const preparations = [hostModules, hostSysctl, hostSwap, hostNames]
const fstab = 'UUID=1 / ext4 defaults 0 1\n/swapfile none swap sw 0 0\n'
let host: SandboxHost

vi.setConfig({ testTimeout: 90_000 })

beforeEach(() => {
  host = sandboxHost()
  host.write('/fake/modules/overlay', '')
  host.write('/fake/modules/br_netfilter', '')
  host.write('/etc/fstab', fstab)
})

test('a host is as it was before it was prepared, kernel parameters included (modules stay loaded), and a second reset has nothing to do', async () => {
  for (const place of ['modules-load.d', 'sysctl.d']) host.write(`/etc/${place}/README`, '')
  const before = host.snapshot()
  await applyTasks(host, preparations, oursContext())
  expect(host.read('/etc/fstab')).not.toBe(fstab)
  expect(await reset(host)).toEqual([])
  await close(host, true)
  const changed = touched(before, host.snapshot()).filter(
    (path) => !/^\/(sys|proc\/(?!sys\/net\/ipv4)|var\/log)/.test(path),
  )
  expect(changed).toEqual([])
  expect(await due(host)).toEqual([])
})

test('a bare host is left alone', async () => {
  expect(await due(host)).toEqual([])
})

test('what the owner wrote into his files since the installation stays', async () => {
  await applyTasks(host, preparations, oursContext())
  host.write('/etc/fstab', `${host.read('/etc/fstab') ?? ''}/dev/sdb /data ext4 defaults 0 2\n`)
  host.write('/etc/hosts', `${host.read('/etc/hosts') ?? ''}10.0.0.9 registry\n`)
  await applyTasks(host, resetFiles, oursContext())
  expect(host.read('/etc/fstab')).toBe(`${fstab}/dev/sdb /data ext4 defaults 0 2\n`)
  expect(host.read('/etc/hosts')).toBe('127.0.0.1 localhost\n10.0.0.9 registry\n')
})

test('a file that was replaced is put back as it was before the first of several operations', async () => {
  host.write('/etc/crictl.yaml', 'of the owner\n', 0o640)
  await install(host, '/etc/crictl.yaml', 'ours\n', 'op-1')
  await install(host, '/etc/crictl.yaml', 'ours, newer\n', 'op-2')
  await applyTasks(host, resetFiles, oursContext())
  expect(host.read('/etc/crictl.yaml')).toBe('of the owner\n')
  expect(host.snapshot().get('/etc/crictl.yaml')).toMatch(/^640 /)
})

test('a file that was replaced is put back even if that was many operations ago', async () => {
  host.write('/etc/crictl.yaml', 'of the owner\n')
  await install(host, '/etc/crictl.yaml', 'ours\n', 'op-01')
  await install(host, '/etc/new.conf', 'ours\n', 'op-01')
  await idle(host, 'op-01')
  for (let count = 10; count < 35; count += 1) host.write(`/var/lib/kubewright/journal/op-${count}.ndjson`, '')
  await idle(host, 'op-50')
  expect(host.read('/var/lib/kubewright/journal/op-01.ndjson')).toBeUndefined()
  expect(host.read('/var/lib/kubewright/backups/op-01/files/etc/crictl.yaml')).toBeUndefined()
  await applyTasks(host, resetFiles, oursContext())
  expect(host.read('/etc/crictl.yaml')).toBe('of the owner\n')
  expect(host.read('/etc/new.conf')).toBeUndefined()
})

test('a file that we removed is there again', async () => {
  host.write('/etc/cni/net.d/10-containerd-net.conflist', '{}')
  await install(host, '/etc/other', 'ours\n')
  await remove(host, '/etc/cni/net.d/10-containerd-net.conflist')
  await applyTasks(host, resetFiles, oursContext())
  expect(host.read('/etc/cni/net.d/10-containerd-net.conflist')).toBe('{}')
})

test('a file that we made and removed ourselves does not come back', async () => {
  await install(host, '/etc/containerd/certs.d/old/hosts.toml', 'ours\n', 'op-1')
  await remove(host, '/etc/containerd/certs.d/old/hosts.toml', 'op-2')
  await applyTasks(host, resetFiles, oursContext())
  expect(host.read('/etc/containerd/certs.d/old/hosts.toml')).toBeUndefined()
  expect(host.snapshot().has('/etc/containerd')).toBe(false)
})

test('what somebody else made where we had a file stays', async () => {
  await install(host, '/etc/new.conf', 'ours\n', 'op-1')
  await remove(host, '/etc/new.conf', 'op-2')
  host.write('/etc/new.conf', 'of the owner\n')
  await applyTasks(host, resetFiles, oursContext())
  expect(host.read('/etc/new.conf')).toBe('of the owner\n')
})

test('other files beside ours, and their directories, stay', async () => {
  await install(host, '/etc/containerd/config.toml', 'ours\n')
  host.write('/etc/containerd/conf.d/gpu.toml', 'of the owner\n')
  await applyTasks(host, resetFiles, oursContext())
  expect(host.read('/etc/containerd/config.toml')).toBeUndefined()
  expect(host.read('/etc/containerd/conf.d/gpu.toml')).toBe('of the owner\n')
})

test('kernel parameters that others changed are put back, but for what a file of the owner sets', async () => {
  const values = { 'vm/overcommit_memory': '1', 'kernel/panic': '10', 'net/ipv4/ip_forward': '1' }
  for (const key of Object.keys(values)) host.write(`/proc/sys/${key}`, '0\n')
  await applyTasks(host, preparations, oursContext())
  for (const [key, value] of Object.entries(values)) host.write(`/proc/sys/${key}`, `${value}\n`)
  host.write('/etc/sysctl.d/50-mine.conf', 'kernel/panic = 10\n')
  const plan = await planTasks(host, resetFiles, oursContext())
  expect(plan.changes.find(({ resource }) => resource === 'reset:kernel')?.change.summary).toBe(
    'put back net.ipv4.ip_forward = 0 (is 1), vm.overcommit_memory = 0 (is 1)',
  )
  await applyTasks(host, resetFiles, oursContext())
  const read = Object.keys(values).map((key) => host.read(`/proc/sys/${key}`))
  expect(read).toEqual(['0\n', '10\n', '0\n'])
})

test('what the kernel was like is noted once, and not when it is too late', async () => {
  await applyTasks(host, preparations, oursContext())
  const note = host.read('/var/lib/kubewright/originals/kernel')
  expect(note).toContain('sysctl\tnet.ipv4.ip_forward\t0\n')
  await applyTasks(host, preparations, oursContext())
  expect(host.read('/var/lib/kubewright/originals/kernel')).toBe(note)
  host.remove('/var/lib/kubewright/originals/kernel')
  expect(listed(await planTasks(host, preparations, oursContext()))).toEqual([])
  expect(await due(host)).not.toContain('update reset:kernel')
})

test('directories have the modes from before the cluster again, and what was made for a mount is gone while it is empty', async () => {
  host.write('/srv/etcd/lost+found/README', '')
  await host.run(sh`chmod 755 /srv/etcd`)
  const context = oursContext({ host: hostOf({ directories: { ...hostOf().directories, etcd: '/srv/etcd' } }) })
  await applyTasks(host, preparations, context)
  await host.run(sh`chmod 700 /srv/etcd
mkdir -p /lib/modules`)
  const plan = await planTasks(host, resetFiles, context)
  expect(plan.changes.find(({ resource }) => resource === 'reset:modes')?.change.summary).toBe(
    'put back directories: /srv/etcd: 755 0:0 (is 700 0:0), remove /lib/modules',
  )
  await applyTasks(host, resetFiles, context)
  expect(await host.run(sh`stat -c '%a %n' /srv/etcd /lib/modules 2>/dev/null || true`)).toBe('755 /srv/etcd\n')

  host.write('/lib/modules/6.1/kvm.ko', '')
  expect(listed(await planTasks(host, resetFiles, context))).not.toContain('update reset:modes')
})

test('a note of an older version, with the names of owners, is read too', async () => {
  host.write('/srv/etcd/member', '')
  host.write('/srv/containerd/io', '')
  host.write('/var/lib/kubewright/originals/directories', '755 root:root /srv/etcd\n755 root:root /srv/containerd\n')
  await host.run(sh`chmod 700 /srv/etcd`)
  const plan = await planTasks(host, resetFiles, oursContext())
  expect(plan.changes.find(({ resource }) => resource === 'reset:modes')?.change.summary).toBe(
    'put back directories: /srv/etcd: 755 root:root (is 700 root:root)',
  )
  await applyTasks(host, resetFiles, oursContext())
  expect(await host.run(sh`stat -c '%a %u:%g' /srv/etcd`)).toBe('755 0:0\n')
})

test('a file system for programs in the kernel that was not there before is unmounted', async () => {
  host.write('/proc/self/mountinfo', '21 20 8:1 / / rw - ext4 /dev/sda rw\n')
  await applyTasks(host, preparations, oursContext())
  host.write('/proc/self/mountinfo', '30 20 0:9 / /sys/fs/bpf rw - bpf bpf rw\n')
  const plan = await planTasks(host, resetFiles, oursContext())
  expect(plan.changes.map(({ change }) => change.summary)).toContainEqual(
    expect.stringMatching(/unmount \/sys\/fs\/bpf$/),
  )
})
