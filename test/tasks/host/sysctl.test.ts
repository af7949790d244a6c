import { beforeEach, expect, test } from 'vitest'
import { hostModules } from '../../../src/tasks/host/modules.ts'
import { hostSysctl } from '../../../src/tasks/host/sysctl.ts'
import { clusterOf, contextOf, factsOf, hostOf } from '../../support/facts.ts'
import { applyTasks, listed, planTasks, touched } from '../../support/run-task.ts'
import { sandboxHost, type SandboxHost } from '../../support/sandbox-host.ts'

const path = '/etc/sysctl.d/99-kubernetes.conf'
let host: SandboxHost

beforeEach(() => {
  host = sandboxHost()
  host.write('/fake/modules/overlay', '')
  host.write('/fake/modules/br_netfilter', '')
})

test('modules come before the kernel parameters that they bring, and both are there after a reboot', async () => {
  const plan = await planTasks(host, [hostModules, hostSysctl], contextOf())
  expect(listed(plan)).toEqual([
    'create file:/etc/modules-load.d/kubewright.conf',
    'run module:overlay',
    'run module:br_netfilter',
    'run kernel:before',
    'run directories:before',
    `create file:${path}`,
    'update sysctl:effective',
  ])
  expect(plan.changes.at(-1)?.change.summary).toBe(
    'set net.bridge.bridge-nf-call-iptables = 1 (is not there yet), net.bridge.bridge-nf-call-ip6tables = 1 (is not there yet), net.ipv4.ip_forward = 1 (is 0)',
  )
  await applyTasks(host, [hostModules, hostSysctl], contextOf())
  expect(host.read('/proc/sys/net/ipv4/ip_forward')).toBe('1\n')
  expect(host.read('/etc/modules-load.d/kubewright.conf')).toMatch(/\noverlay\nbr_netfilter\n$/)
  expect(host.read(path))
    .toBe(`# Written by kubewright: pods on a bridge pass the host's packet filter, and the host forwards their packets.
net.bridge.bridge-nf-call-iptables = 1
net.bridge.bridge-nf-call-ip6tables = 1
net.ipv4.ip_forward = 1
`)
  expect(listed(await planTasks(host, [hostModules, hostSysctl], contextOf()))).toEqual([])
})

test('planning writes nothing', async () => {
  const before = host.snapshot()
  await planTasks(host, [hostModules, hostSysctl], contextOf())
  expect(touched(before, host.snapshot())).toEqual([])
})

test('a changed value and a changed file are repaired, each by itself', async () => {
  await applyTasks(host, [hostModules, hostSysctl], contextOf())
  host.write('/proc/sys/net/ipv4/ip_forward', '0\n')
  expect(listed(await planTasks(host, hostSysctl, contextOf()))).toEqual(['update sysctl:effective'])
  await applyTasks(host, hostSysctl, contextOf())
  host.write(path, 'net.ipv4.ip_forward = 0\n')
  const before = host.snapshot()
  const [change] = (await planTasks(host, hostSysctl, contextOf())).changes
  expect(change?.change.diff).toContain('-net.ipv4.ip_forward = 0')
  await applyTasks(host, hostSysctl, contextOf())
  expect(touched(before, host.snapshot())).toEqual([path])
})

test('a value that is right needs no write, even where the kernel parameters are read-only', async () => {
  host.write('/proc/sys/net/ipv4/ip_forward', '1\n', 0o444)
  host.write('/proc/sys/net/bridge/bridge-nf-call-iptables', '1\n', 0o444)
  host.write('/proc/sys/net/bridge/bridge-nf-call-ip6tables', '1\n', 0o444)
  const notes = ['run kernel:before', 'run directories:before']
  expect(listed(await planTasks(host, hostSysctl, contextOf()))).toEqual([...notes, `create file:${path}`])
})

test('a file that is read later at boot and says otherwise is a finding', async () => {
  host.write('/etc/sysctl.conf', '# mine\nnet.ipv4.ip_forward=0\nnet/bridge/bridge-nf-call-iptables = 1\n')
  host.link('/etc/sysctl.d/99-sysctl.conf', '../sysctl.conf')
  host.write('/usr/lib/sysctl.d/50-default.conf', '-net.ipv4.ip_forward = 0\n')
  const { findings } = await planTasks(host, hostSysctl, contextOf())
  expect(findings.map(({ finding }) => finding.message)).toEqual([
    `/etc/sysctl.d/99-sysctl.conf sets net.ipv4.ip_forward = 0, and is read after ${path} at boot`,
  ])
})

test('dual stack forwards IPv6, and protectKernelDefaults gets what the kubelet insists on', async () => {
  const cluster = clusterOf({
    networking: { ...clusterOf().networking, podSubnets: ['10.244.0.0/16', 'fd00:10::/56'] },
    hosts: [hostOf({ kubelet: { config: { protectKernelDefaults: true }, extraArgs: [], patches: [] } })],
  })
  const plan = await planTasks(host, hostSysctl, contextOf({ cluster }))
  const diff = plan.changes.find(({ resource }) => resource === `file:${path}`)?.change.diff
  expect(diff).toContain('+net.ipv6.conf.all.forwarding = 1')
  expect(diff).toContain('+vm.overcommit_memory = 1')
})

test('what is built into the kernel is neither loaded nor listed, and a list that is no longer needed goes away', async () => {
  await applyTasks(host, hostModules, contextOf())
  const kernelAbilities = { overlay: 'builtin', br_netfilter: 'builtin' } as const
  const context = contextOf({ facts: factsOf({ survey: { kernelAbilities } }) })
  expect(listed(await planTasks(host, hostModules, context))).toEqual(['delete owned:/etc/modules-load.d'])
  await applyTasks(host, hostModules, context)
  expect(host.read('/etc/modules-load.d/kubewright.conf')).toBeUndefined()
})

test('an ability that the kernel shows counts as present, whatever the lists of modules say', async () => {
  host.write('/proc/filesystems', 'nodev\toverlay\n')
  host.write('/proc/sys/net/bridge/bridge-nf-call-iptables', '1\n')
  expect(listed(await planTasks(host, hostModules, contextOf()))).toEqual([
    'create file:/etc/modules-load.d/kubewright.conf',
  ])
})

test('ipvs loads its modules, and a module that the kernel lacks is an error in the words of modprobe', async () => {
  const cluster = clusterOf({ kubeProxy: { mode: 'ipvs', config: {}, patches: [] } })
  const plan = await planTasks(host, hostModules, contextOf({ cluster }))
  expect(listed(plan)).toContain('run module:ip_vs_rr')
  await expect(applyTasks(host, hostModules, contextOf({ cluster }))).rejects.toMatchObject({
    details: { resource: 'module:ip_vs', output: expect.stringContaining('Module ip_vs not found') },
  })
})
