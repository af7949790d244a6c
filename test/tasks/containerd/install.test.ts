import { afterAll, beforeEach, expect, test } from 'vitest'
import { containerdInstall } from '../../../src/tasks/containerd/install.ts'
import { controlPlaneKubectl, etcdClients } from '../../../src/tasks/control-plane/clients.ts'
import { contextOf, factsOf, workerOf } from '../../support/facts.ts'
import { applyTasks, listed, planTasks, touched } from '../../support/run-task.ts'
import { sandboxHost, type SandboxHost } from '../../support/sandbox-host.ts'
import { archive, binary, removeArtifacts, smallBundle } from './fixtures.ts'

afterAll(removeArtifacts)

const artifacts = smallBundle()
const context = contextOf({ artifacts })
let host: SandboxHost

beforeEach(() => {
  host = sandboxHost()
})

function programsOf(before: ReadonlyMap<string, string>): readonly string[] {
  return touched(before, host.snapshot()).filter((path) => host.snapshot().get(path)?.includes(' '))
}

test('containerd comes with runc and the CNI plugins, kubectl and the clients of etcd come to control planes', async () => {
  const before = host.snapshot()
  const all = [containerdInstall, controlPlaneKubectl, etcdClients]
  expect(listed(await planTasks(host, all, context))).toEqual([
    'create artifact:containerd',
    'create artifact:runc',
    'create artifact:cni-plugins',
    'create artifact:kubectl',
    'create artifact:etcdctl',
    'create artifact:etcdutl',
  ])
  expect(touched(before, host.snapshot())).toEqual([])
  await applyTasks(host, all, context)
  expect(programsOf(before)).toEqual([
    '/opt/cni/bin/bridge',
    '/opt/cni/bin/host-local',
    '/opt/cni/bin/loopback',
    '/usr/bin/kubectl',
    '/usr/local/bin/containerd',
    '/usr/local/bin/containerd-shim-runc-v2',
    '/usr/local/bin/ctr',
    '/usr/local/bin/etcdctl',
    '/usr/local/bin/etcdutl',
    '/usr/local/sbin/runc',
  ])
  expect(host.snapshot().get('/opt/cni/bin/bridge')).toMatch(/^755 /)
  expect(listed(await planTasks(host, all, context))).toEqual([])
  expect(listed(await planTasks(host, all, { ...context, deep: true }))).toEqual([])
})

test('crictl comes only where the source has it', async () => {
  const crictl = smallBundle(binary('crictl', '1.37.0'))
  const worker = contextOf({ artifacts: crictl, host: workerOf('cp1', '10.89.5.11') })
  expect(listed(await planTasks(host, containerdInstall, worker))).toEqual([
    'create artifact:containerd',
    'create artifact:runc',
    'create artifact:crictl',
    'create artifact:cni-plugins',
  ])
})

test('a plugin that was deleted, changed or made unexecutable is repaired, and those of others stay', async () => {
  await applyTasks(host, containerdInstall, context)
  host.write('/opt/cni/bin/flannel', 'of Flannel', 0o755)
  host.remove('/opt/cni/bin/bridge')
  host.write('/opt/cni/bin/loopback', 'something else', 0o755)
  const plan = await planTasks(host, containerdInstall, context)
  expect(plan.changes.map(({ change }) => change.summary)).toEqual([
    'install cni-plugins 1.9.1: /opt/cni/bin/bridge is missing, /opt/cni/bin/loopback was changed',
  ])
  await applyTasks(host, containerdInstall, context)
  expect(host.read('/opt/cni/bin/bridge')).toContain('bridge 1.9.1')
  expect(host.read('/opt/cni/bin/flannel')).toBe('of Flannel')
  await host.transport.exec({ kind: 'command', text: 'chmod 600 /opt/cni/bin/host-local' })
  const [change] = (await planTasks(host, containerdInstall, context)).changes
  expect(change?.change.summary).toContain('/opt/cni/bin/host-local has mode 600 instead of 755')
})

test('another archive of the same version is installed over the first', async () => {
  await applyTasks(host, containerdInstall, context)
  const other = archive('cni-plugins', '1.9.1', ['bridge', 'host-local', 'loopback', 'macvlan'], '-rebuilt')
  const rebuilt = contextOf({ artifacts: smallBundle(other) })
  await applyTasks(host, containerdInstall, rebuilt)
  expect(host.read('/opt/cni/bin/macvlan')).toContain('macvlan')
  expect(listed(await planTasks(host, containerdInstall, rebuilt))).toEqual([])
})

test('an archive whose checksum is wrong is refused', async () => {
  const damaged = { ...archive('cni-plugins', '1.9.1', ['bridge'], '-damaged'), sha256: '0'.repeat(64) }
  await expect(
    applyTasks(host, containerdInstall, contextOf({ artifacts: smallBundle(damaged) })),
  ).rejects.toMatchObject({ details: { code: 'KW3008', resource: 'artifact:cni-plugins' } })
  expect(host.read('/opt/cni/bin/bridge')).toBeUndefined()
})

test('a containerd of somebody else is used as it is, with its runc', async () => {
  const survey = {
    programs: {
      containerd: { path: '/usr/bin/containerd', version: '2.1.4' },
      runc: { path: '/usr/bin/runc', version: '1.3.0' },
    },
    units: {
      containerd: { active: 'active', enabled: 'enabled', fragment: '/usr/lib/systemd/system/containerd.service' },
    },
  }
  const adopted = contextOf({ artifacts, facts: factsOf({ survey }), host: workerOf('cp1', '10.89.5.11') })
  expect(listed(await planTasks(host, containerdInstall, adopted))).toEqual(['create artifact:cni-plugins'])
})

test('our own containerd is not taken for somebody else’s, not even one that an interrupted run left', async () => {
  const programs = { containerd: { path: '/usr/local/bin/containerd', version: '2.2.9' } }
  const interrupted = contextOf({ artifacts, facts: factsOf({ survey: { programs } }) })
  expect(listed(await planTasks(host, containerdInstall, interrupted))).toContain('create artifact:containerd')
  const units = {
    containerd: { active: 'active', enabled: 'enabled', fragment: '/etc/systemd/system/containerd.service' },
  }
  const installed = { '/usr/local/bin/containerd': { sha256: '', stat: '', name: 'containerd 2.2.9' } }
  const ours = contextOf({ artifacts, facts: factsOf({ survey: { programs, units }, state: { installed } }) })
  expect(listed(await planTasks(host, containerdInstall, ours))).toContain('create artifact:containerd')
})

test('where SELinux is on, the programs get the labels of their places', async () => {
  host.write('/usr/sbin/restorecon', restorecon, 0o755)
  const labels = 'update selinux:labels:/usr/local/bin/containerd'
  const confined = contextOf({ artifacts, facts: factsOf({ selinux: 'enforcing' }) })
  expect(listed(await planTasks(host, containerdInstall, confined))).not.toContain(labels)
  await applyTasks(host, containerdInstall, confined)
  host.write('/fake/unlabelled', '/usr/local/sbin/runc')
  expect(listed(await planTasks(host, containerdInstall, confined))).toEqual([labels])
  await applyTasks(host, containerdInstall, confined)
  expect(listed(await planTasks(host, containerdInstall, confined))).toEqual([])
})

const restorecon = `#!/bin/sh
if [ "$1" = -n ]; then
  while read -r path || [ -n "$path" ]; do echo "Would relabel $path from a:b:c:s0 to d:e:f:s0"; done </fake/unlabelled
else rm -f /fake/unlabelled; fi
`
