import { beforeEach, expect, test } from 'vitest'
import { hostPackages } from '../../../src/tasks/host/packages.ts'
import { clusterOf, completeArtifacts, contextOf, factsOf } from '../../support/facts.ts'
import { applyTasks, listed, planTasks, touched } from '../../support/run-task.ts'
import { sandboxHost, type SandboxHost } from '../../support/sandbox-host.ts'

const debian = {
  conntrack: '/usr/sbin/conntrack',
  ethtool: '/usr/sbin/ethtool',
  iptables: '/usr/sbin/iptables',
  mount: '/usr/bin/mount\n/usr/sbin/losetup',
  nftables: '/usr/sbin/nft',
}
const redHat = {
  'conntrack-tools': '/usr/sbin/conntrack',
  ethtool: '/usr/sbin/ethtool',
  iptables: '/usr/sbin/iptables',
}
let host: SandboxHost

beforeEach(() => {
  host = sandboxHost()
  for (const path of ['/usr/bin/nsenter', '/usr/sbin/ip']) host.write(path, '#!/bin/sh\n', 0o755)
})

function hasRepository(packages: Readonly<Record<string, string>>): void {
  for (const [name, paths] of Object.entries(packages)) host.write(`/fake/packages/${name}`, `${paths}\n`)
  host.write(
    '/fake/packages.current',
    Object.keys(packages)
      .map((name) => `${name}\n`)
      .join(''),
  )
}

test('one action installs the packages of all programs that are missing, and no others', async () => {
  hasRepository(debian)
  const plan = await planTasks(host, hostPackages, contextOf())
  expect(plan.changes.map(({ change }) => change.summary)).toEqual([
    'install packages conntrack, ethtool, iptables, mount (for mount, losetup, iptables, conntrack, ethtool)',
  ])
  await applyTasks(host, hostPackages, contextOf())
  expect(host.read('/fake/apt.log')).toBe('update \ninstall conntrack ethtool iptables mount\n')
  expect(listed(await planTasks(host, hostPackages, contextOf()))).toEqual([])
  host.remove('/usr/sbin/conntrack')
  expect((await planTasks(host, hostPackages, contextOf())).changes[0]?.change.summary).toBe(
    'install packages conntrack (for conntrack)',
  )
})

test('a host unpacks what a bundle has compressed by zstd', async () => {
  hasRepository({ ...debian, zstd: '/usr/bin/zstd' })
  await applyTasks(host, hostPackages, contextOf({ artifacts: { ...completeArtifacts, zstd: true } }))
  expect(host.read('/fake/apt.log')).toContain(' zstd\n')
})

test('package lists that are there are used, and fetched anew only if they are too old', async () => {
  hasRepository(debian)
  host.write('/var/lib/apt/lists/sandbox_Packages', 'mount\nethtool\n')
  host.write('/usr/sbin/conntrack', '', 0o755)
  host.write('/usr/sbin/iptables', '', 0o755)
  await applyTasks(host, hostPackages, contextOf())
  expect(host.read('/fake/apt.log')).toBe('install ethtool mount\n')
  host.remove('/usr/sbin/conntrack')
  await applyTasks(host, hostPackages, contextOf())
  expect(host.read('/fake/apt.log')).toBe('install ethtool mount\ninstall conntrack\nupdate \ninstall conntrack\n')
})

test('a package that cannot be had is an error in the words of the package manager', async () => {
  hasRepository({ ...debian, conntrack: '/usr/sbin/conntrack' })
  host.write('/fake/packages.current', 'mount\n')
  await expect(applyTasks(host, hostPackages, contextOf())).rejects.toMatchObject({
    details: { code: 'KW3004', output: expect.stringContaining('E: Unable to locate package conntrack') },
  })
})

test('the proxy and its password reach apt by a file that does not stay', async () => {
  hasRepository(debian)
  const proxy = {
    http: 'http://me:secret@proxy:3128',
    https: undefined,
    noProxy: ['10.0.0.0/8', '.local', 'mirror.lan'],
  }
  const context = contextOf({ cluster: clusterOf({ proxy }) })
  expect(JSON.stringify(await planTasks(host, hostPackages, context))).not.toContain('secret')
  await applyTasks(host, hostPackages, context)
  expect(host.read('/fake/apt.conf')).toBe(
    'Acquire::http::Proxy "http://me:secret@proxy:3128";\nAcquire::http::Proxy::mirror.lan "DIRECT";\n',
  )
  const left = [...host.snapshot().keys()].filter((path) => path.includes('packages.'))
  expect(left).toEqual([])
})

test('dnf installs the same programs from its own packages', async () => {
  hasRepository(redHat)
  host.write('/etc/dnf/dnf.conf', '[main]\ngpgcheck=1')
  for (const program of ['mount', 'losetup']) host.write(`/usr/sbin/${program}`, '', 0o755)
  const cluster = clusterOf({ proxy: { http: 'http://proxy:3128', https: undefined, noProxy: [] } })
  const context = contextOf({ cluster, facts: factsOf({ packageManager: 'dnf' }) })
  await applyTasks(host, hostPackages, context)
  expect(host.read('/fake/dnf.log')).toBe('install conntrack-tools ethtool iptables\n')
  expect(host.read('/fake/dnf.conf')).toBe('[main]\ngpgcheck=1\nproxy=http://proxy:3128\n')
  expect(listed(await planTasks(host, hostPackages, context))).toEqual([])
})

test('an enforcing SELinux gets the policy for containers', async () => {
  hasRepository(redHat)
  const facts = factsOf({ packageManager: 'dnf', selinux: 'enforcing' })
  const [change] = (await planTasks(host, hostPackages, contextOf({ facts }))).changes
  expect(change?.change.summary).toContain('container-selinux')
})

test('the mode of kube-proxy and the delivery of artifacts decide on more programs', async () => {
  hasRepository(debian)
  const cluster = clusterOf({
    kubeProxy: { mode: 'nftables', config: {}, patches: [] },
    artifacts: { ...clusterOf().artifacts, delivery: 'pull' },
  })
  const [change] = (await planTasks(host, hostPackages, contextOf({ cluster }))).changes
  expect(change?.change.summary).toContain('ca-certificates, conntrack, curl, ethtool, iptables, mount, nftables')
})

test('without a known package manager what is missing is a finding, and nothing is planned', async () => {
  const facts = factsOf({ packageManager: undefined })
  const before = host.snapshot()
  const plan = await planTasks(host, hostPackages, contextOf({ facts }))
  expect(listed(plan)).toEqual([])
  expect(plan.findings.map(({ finding }) => `${finding.severity} ${finding.check}`)).toEqual(['error PackageManager'])
  expect(touched(before, host.snapshot())).toEqual([])
})
