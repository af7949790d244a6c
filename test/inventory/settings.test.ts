import { expect, test } from 'vitest'
import type { Host } from '../../src/inventory/cluster.ts'
import { deepMerge } from '../../src/inventory/settings.ts'
import { clusterOf, inventoryWith } from './support.ts'

async function hostsOf(spec: string): Promise<Record<string, Host>> {
  const { hosts } = await clusterOf(inventoryWith(spec))
  return Object.fromEntries(hosts.map((host) => [host.name, host]))
}

test('maps are merged, and lists, scalars and null are replaced', () => {
  expect(
    deepMerge({ a: { x: 1, y: [1, 2] }, b: 1, c: { d: 1 } }, { a: { y: [3], z: 2 }, b: { e: 1 }, c: null }),
  ).toEqual({ a: { x: 1, y: [3], z: 2 }, b: { e: 1 }, c: null })
})

test('a host has the settings of the spec, then of its groups in their order, then its own', async () => {
  const { a, b } = await hostsOf(`\
  kubelet: { config: { maxPods: 110, evictionHard: { memory.available: 5%, nodefs.available: 10% } } }
  selinux: permissive
  groups:
    large: { kubelet: { config: { maxPods: 200 } }, labels: { size: large, rack: r1 } }
    tight: { kubelet: { config: { maxPods: 150, evictionHard: { memory.available: 1Gi } } }, firewall: leave }
  hosts:
    - { name: a, roles: [control-plane], groups: [large, tight], labels: { rack: r2 }, selinux: leave }
    - { name: b, groups: [tight, large], kubelet: { config: { evictionHard: { nodefs.available: 1% } } } }
`)
  expect(a?.kubelet.config).toEqual({
    maxPods: 150,
    evictionHard: { 'memory.available': '1Gi', 'nodefs.available': '10%' },
  })
  expect(b?.kubelet.config).toEqual({
    maxPods: 200,
    evictionHard: { 'memory.available': '1Gi', 'nodefs.available': '1%' },
  })
  expect(a?.labels).toEqual({ size: 'large', rack: 'r2' })
  expect([a?.selinux, b?.selinux, a?.firewall]).toEqual(['leave', 'permissive', 'leave'])
})

test('flags of the kubelet are replaced by name, and its patches follow each other', async () => {
  const { a } = await hostsOf(`\
  kubelet: { extraArgs: { v: '2', seccomp-default: 'true' }, patches: [{ patch: { a: 1 } }] }
  hosts:
    - name: a
      roles: [control-plane]
      kubelet: { extraArgs: [{ name: v, value: '4' }], patches: [{ type: merge, patch: { b: 2 } }] }
`)
  expect(a?.kubelet.extraArgs).toEqual([
    { name: 'seccomp-default', value: 'true' },
    { name: 'v', value: '4' },
  ])
  expect(a?.kubelet.patches).toEqual([
    { type: 'strategic', patch: { a: 1 } },
    { type: 'merge', patch: { b: 2 } },
  ])
})

test('registries and runtimes are replaced one by one', async () => {
  const { a } = await hostsOf(`\
  containerd:
    registries: [{ host: docker.io, server: https://one }, { host: quay.io }]
    runtimes: [{ name: gvisor, runtimeType: io.containerd.runsc.v1 }]
  hosts:
    - { name: a, roles: [control-plane], containerd: { registries: [{ host: docker.io, server: https://two }] } }
`)
  expect(a?.containerd.registries.map(({ host, server }) => [host, server])).toEqual([
    ['quay.io', undefined],
    ['docker.io', 'https://two'],
  ])
  expect(a?.containerd.runtimes).toEqual([{ name: 'gvisor', runtimeType: 'io.containerd.runsc.v1', options: {} }])
})

test('settings that nobody names have their defaults', async () => {
  const { cp1 } = await hostsOf('')
  expect(cp1).toMatchObject({
    connection: 'ssh',
    directories: { etcd: '/var/lib/etcd', containerd: '/var/lib/containerd', kubelet: '/var/lib/kubelet' },
    containerd: {
      criSocket: '/run/containerd/containerd.sock',
      restrictOomScoreAdj: false,
      limitNOFILE: 'infinity',
      limitMEMLOCK: 'infinity',
    },
    kubelet: { config: {}, extraArgs: [], patches: [] },
    selinux: 'leave',
    firewall: 'manage',
  })
})

test('one directory can be moved and the others stay', async () => {
  const { a } = await hostsOf(`\
  directories: { etcd: /data/etcd }
  hosts: [{ name: a, roles: [control-plane], directories: { containerd: /data/containerd } }]
`)
  expect(a?.directories).toEqual({ etcd: '/data/etcd', containerd: '/data/containerd', kubelet: '/var/lib/kubelet' })
})

test('a limit is a number or a word, and the socket loses its scheme', async () => {
  const { cp1 } = await hostsOf(
    '  containerd: { limitNOFILE: 20000, limitMEMLOCK: "64", criSocket: "unix:///run/x.sock" }\n',
  )
  expect(cp1?.containerd).toMatchObject({ limitNOFILE: '20000', limitMEMLOCK: '64', criSocket: '/run/x.sock' })
})

test('a control plane is tainted unless it is a worker too', async () => {
  const tainted = { key: 'node-role.kubernetes.io/control-plane', value: undefined, effect: 'NoSchedule' }
  const alone = await hostsOf('  hosts: [{ name: a, roles: [control-plane] }, { name: b }]\n')
  const both = await hostsOf('  hosts: [{ name: a, roles: [control-plane, worker] }]\n')
  expect([alone['a']?.taints, alone['b']?.taints, both['a']?.taints]).toEqual([[tainted], [], []])
})

test('taints in the inventory stand in place of the default', async () => {
  const { a, b } = await hostsOf(`\
  groups: { batch: { taints: [{ key: dedicated, value: batch, effect: NoExecute }] } }
  hosts: [{ name: a, roles: [control-plane], taints: [] }, { name: b, groups: [batch] }]
`)
  expect(a?.taints).toEqual([])
  expect(b?.taints).toEqual([{ key: 'dedicated', value: 'batch', effect: 'NoExecute' }])
})

test('a bastion has the user and the files of the hosts unless it names its own', async () => {
  const { a, b } = await hostsOf(`\
  ssh: { user: admin, port: 2222, knownHostsFile: /k/known_hosts, bastion: { address: jump } }
  groups: { far: { ssh: { bastion: { address: far, user: jump, port: 2022, knownHostsFile: /k/far } } } }
  hosts:
    - { name: a, roles: [control-plane] }
    - { name: b, groups: [far], ssh: { user: root } }
`)
  expect(a?.ssh).toMatchObject({ address: 'a', port: 2222, user: 'admin', knownHostsFile: '/k/known_hosts' })
  expect(a?.ssh.bastion).toMatchObject({
    address: 'jump',
    port: undefined,
    user: 'admin',
    knownHostsFile: '/k/known_hosts',
  })
  expect(b?.ssh).toMatchObject({ address: 'b', port: 2222, user: 'root' })
  expect(b?.ssh.bastion).toMatchObject({ address: 'far', port: 2022, user: 'jump', knownHostsFile: '/k/far' })
})

test('one address behind two bastions is two hosts', async () => {
  const hosts = await hostsOf(`\
  groups: { east: { ssh: { bastion: { address: east } } }, west: { ssh: { bastion: { address: west } } } }
  hosts:
    - { name: a, address: 10.0.0.1, nodeIP: 192.0.2.1, groups: [east], roles: [control-plane] }
    - { name: b, address: 10.0.0.1, nodeIP: 192.0.2.2, groups: [west] }
`)
  expect(Object.keys(hosts)).toEqual(['a', 'b'])
})
