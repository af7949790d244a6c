import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { prepare, type Prepared } from '../../src/cli/operate.ts'
import { programVersion } from '../../src/package.ts'
import type { Playbook } from '../../src/playbook/load.ts'
import type { Transport } from '../../src/transport/transport.ts'
import { sandboxHost, type SandboxHost } from '../support/sandbox-host.ts'

const reachable = vi.hoisted(() => new Map<string, Transport>())
const connectHosts = vi.hoisted(() => async (hosts: readonly { name: string }[]) => ({
  transports: new Map(hosts.map(({ name }) => [name, reachable.get(name)] as const)),
  errors: [],
}))
vi.mock('../../src/cli/connect.ts', async (original) => ({
  ...(await original<typeof import('../../src/cli/connect.ts')>()),
  connectHosts,
  connectAll: async (_cluster: unknown, hosts: readonly { name: string }[]) => (await connectHosts(hosts)).transports,
}))

/** Of the playbook that makes a cluster only what is done before a member goes that has lost its data, and something on all hosts. */
vi.mock('../../src/playbook/load.ts', async (original) => {
  const { loadPlaybook, ...rest } = await original<typeof import('../../src/playbook/load.ts')>()
  const parts: Readonly<Record<string, readonly string[]>> = {
    snapshot: ['etcd/snapshot'],
    'other-hosts': ['host/sysctl'],
  }
  const reduced = async (name: string): Promise<Playbook> => {
    const playbook = await loadPlaybook(name)
    if (name !== 'cluster') return playbook
    const phases = playbook.phases.flatMap((phase) => {
      const tasks = phase.tasks.filter((task) => parts[phase.name]?.includes(task))
      return tasks.length === 0 ? [] : [{ ...phase, tasks, after: [], afterAny: [] }]
    })
    return { ...playbook, installs: false, phases }
  }
  return { ...rest, loadPlaybook: reduced }
})

const names = ['cp1', 'cp2', 'cp3']
let hosts: Readonly<Record<string, SandboxHost>>

function cluster(id: string, name = 'lab'): string {
  return `${JSON.stringify({ id, name, inventory: 'e', appliedBy: 'me@here', appliedAt: '2026-11-20T04:05:00Z' })}\n`
}

/** What a run has left that was cut off. */
function operation(playbook: string, id: string, inventory = 'e'): string {
  const record = { id, playbook, inventory, program: programVersion, startedBy: 'me@here', startedAt: id }
  return `${JSON.stringify(record)}\n`
}

beforeEach(() => {
  hosts = Object.fromEntries(names.map((name) => [name, furnished(name)]))
})

function furnished(name: string): SandboxHost {
  const host = sandboxHost({ name })
  const url = `https://10.89.5.1${name.at(-1)}:2379`
  host.install('etcdctl')
  host.install('etcdutl')
  host.write('/proc/sys/kernel/hostname', `${name}\n`)
  host.write('/proc/7/comm', 'etcd\n')
  host.write('/etc/kubernetes/manifests/etcd.yaml', `    - etcd\n    - --advertise-client-urls=${url}\n`)
  host.write('/var/lib/etcd/member/snap/db', 'data')
  host.write('/fake/etcd/data', 'all keys')
  host.write('/var/lib/kubewright/cluster.json', cluster('cluster-1'))
  reachable.set(name, host.transport)
  for (const key of ['iptables', 'ip6tables']) host.write(`/proc/sys/net/bridge/bridge-nf-call-${key}`, '0\n')
  return host
}

/** Resets these hosts as `kubewright reset HOST --yes` does. */
async function reset(...limit: readonly string[]): Promise<Prepared> {
  return prepared('reset', limit)
}

async function prepared(playbook: string, limit: readonly string[]): Promise<Prepared> {
  const directory = await mkdtemp(join(tmpdir(), 'kw-operate-'))
  const rows = names.map((name) => `    - { name: ${name}, address: 10.89.5.1${name.at(-1)}, roles: [control-plane] }`)
  const path = join(directory, 'inventory.yaml')
  await writeFile(
    path,
    `apiVersion: kubewright/v1alpha1
kind: Cluster
metadata: { name: lab }
spec:
  kubernetesVersion: '1.37.1'
  controlPlaneEndpoint: { address: lab.example }
  hosts:
${rows.join('\n')}
`,
  )
  const signal = new AbortController().signal
  const run = await prepare(
    {
      inventory: path,
      playbook,
      limit,
      ignore: ['LivingCluster', 'ForeignCluster'],
      deep: false,
      emit: () => undefined,
      stop: signal,
      abort: signal,
      verbose: false,
    },
    'plan', // a sandbox has no sessions for locks
  )
  onTestFinished(async () => run[Symbol.asyncDispose]())
  return run
}

const open = operation('cluster', '2026-11-21T04:05:00Z')
const secret = '/var/lib/kubewright/backups/2026-11-21T04:05:00Z/secrets/etc/kubernetes/pki/ca.key'

test('a host that only keeps a snapshot keeps its own open operation, its record and its proof', async () => {
  const keeper = hosts['cp1']!
  keeper.write('/var/lib/kubewright/operation.json', open)
  keeper.write('/var/lib/kubewright/proof', 'proved')
  keeper.write(secret, 'key')
  const run = await reset('cp2')
  expect(run.plan.changes.filter(({ host }) => host === 'cp1').map(({ resource }) => resource)).toEqual([
    'etcd-snapshot',
  ])
  expect(await run.apply()).toMatchObject({ outcome: 'done', errors: [] })
  expect(keeper.read('/var/lib/kubewright/operation.json')).toBe(open)
  expect(keeper.read('/var/lib/kubewright/cluster.json')).toBe(cluster('cluster-1'))
  expect(keeper.read('/var/lib/kubewright/proof')).toBe('proved')
  expect(keeper.read(secret)).toBe('key')
  expect(hosts['cp2']?.read('/var/lib/kubewright/cluster.json')).toBeUndefined()
})

test.each([
  ['another cluster', cluster('cluster-2', 'other')],
  ['nobody', undefined],
])("a reset of a host of %s leaves the keeper's record and open operation alone", async (_who, record) => {
  const keeper = hosts['cp1']!
  keeper.write('/var/lib/kubewright/operation.json', open)
  if (record === undefined) hosts['cp2']?.remove('/var/lib/kubewright/cluster.json')
  else hosts['cp2']?.write('/var/lib/kubewright/cluster.json', record)
  const run = await reset('cp2')
  expect(await run.apply()).toMatchObject({ outcome: 'done', errors: [] })
  expect(keeper.read('/var/lib/kubewright/operation.json')).toBe(open)
  expect(keeper.read('/var/lib/kubewright/cluster.json')).toBe(cluster('cluster-1'))
})

test('an open reset of a host that only keeps a snapshot is not continued', async () => {
  const { saved } = await reset('cp2')
  const begun = operation('reset', '2026-11-21T04:05:00Z', saved.bound['the inventory'])
  hosts['cp1']?.write('/var/lib/kubewright/operation.json', begun)
  const again = await reset('cp2')
  expect(again.saved.operation).not.toBe('2026-11-21T04:05:00Z')
  expect(await again.apply()).toMatchObject({ outcome: 'done' })
  expect(hosts['cp1']?.read('/var/lib/kubewright/operation.json')).toBe(begun)
})

/** As `etcdctl member list` tells of one. */
function member(name: string): string {
  const at = `https://10.89.5.1${name.at(-1)}`
  return `aaa${name.at(-1)}, started, ${name}, ${at}:2380, ${at}:2379, false\n`
}

describe('an apply that is limited to a host which lost the data of its member', () => {
  beforeEach(() => {
    hosts['cp1']?.write('/fake/etcd/members', names.map(member).join(''))
    hosts['cp1']?.write('/etc/kubernetes/pki/etcd/healthcheck-client.crt', 'certificate')
    hosts['cp2']?.remove('/var/lib/etcd')
  })

  test('leaves the open operation, the record and the proof of the member that keeps a snapshot alone', async () => {
    const keeper = hosts['cp1']!
    keeper.write('/var/lib/kubewright/operation.json', open)
    keeper.write('/var/lib/kubewright/proof', 'proved')
    keeper.write(secret, 'key')
    const run = await prepared('cluster', ['cp2'])
    expect(run.plan.changes.filter(({ host }) => host === 'cp1').map(({ resource }) => resource)).toEqual([
      'etcd-snapshot',
    ])
    expect(await run.apply()).toMatchObject({ outcome: 'done', errors: [] })
    expect(keeper.read('/var/lib/kubewright/snapshots/without-cp2-aaa2.db')).toBe('all keys')
    expect(keeper.read('/var/lib/kubewright/operation.json')).toBe(open)
    expect(keeper.read('/var/lib/kubewright/cluster.json')).toBe(cluster('cluster-1'))
    expect(keeper.read('/var/lib/kubewright/proof')).toBe('proved')
    expect(keeper.read(secret)).toBe('key')
    expect(hosts['cp2']?.read('/var/lib/kubewright/operation.json')).toBeUndefined()
    expect(hosts['cp2']?.read('/var/lib/kubewright/cluster.json')).not.toBe(cluster('cluster-1'))
  })
})

test.each([
  ['another cluster', cluster('cluster-2', 'other')],
  ['the same cluster', cluster('cluster-1')],
])(
  'an apply that is limited to others leaves the open operation of a control plane of %s alone',
  async (_whose, record) => {
    const other = hosts['cp3']!
    other.write('/var/lib/kubewright/cluster.json', record)
    other.write('/var/lib/kubewright/operation.json', open)
    other.write(secret, 'key')
    const run = await prepared('cluster', ['cp2'])
    expect(run.notices.join('\n')).not.toContain('superseded')
    expect(await run.apply()).toMatchObject({ outcome: 'done', errors: [] })
    expect(other.read('/var/lib/kubewright/operation.json')).toBe(open)
    expect(other.read('/var/lib/kubewright/cluster.json')).toBe(record)
    expect(other.read(secret)).toBe('key')
  },
)
