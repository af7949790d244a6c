import { describe, expect, test } from 'vitest'
import { latch } from '../../src/cli/latch.ts'
import { schedule } from '../../src/engine/schedule.ts'
import type { Phase } from '../../src/engine/task.ts'
import type { Facts } from '../../src/host/facts.ts'
import { agendaOf, selectHosts } from '../../src/playbook/agenda.ts'
import { loadPlaybook } from '../../src/playbook/load.ts'
import { allTasks } from '../../src/tasks/registry.ts'
import { clusterWithEtcdHosts } from '../support/etcd-hosts.ts'
import { clusterOf, contextOf, factsOf, hostOf, observedOf, workerOf } from '../support/facts.ts'

test('a selector names hosts by their roles and by the part that they have in the run', () => {
  const cluster = clusterOf({
    hosts: [
      hostOf({ name: 'cp1' }),
      hostOf({ name: 'cp2' }),
      workerOf('w1', '10.89.5.21'),
      workerOf('w2', '10.89.5.22'),
    ],
  })
  const parts = { leading: 'cp2', leadingEtcd: undefined, joining: ['w2'], leaving: undefined }
  const names = (selector: Parameters<typeof selectHosts>[1]) =>
    selectHosts(cluster, selector, parts).map(({ name }) => name)
  expect(names('all')).toEqual(['cp1', 'cp2', 'w1', 'w2'])
  expect(names('nodes')).toEqual(['cp1', 'cp2', 'w1', 'w2'])
  expect(names('first-control-plane')).toEqual(['cp2'])
  expect(names('other-control-planes')).toEqual(['cp1'])
  expect(names('other-hosts')).toEqual(['cp1', 'w1', 'w2'])
  expect(names('workers')).toEqual(['w1', 'w2'])
  expect(names('workers-or-control-planes')).toEqual(['w1', 'w2'])
  expect(names('etcd-hosts')).toEqual([])
  expect(names('joining')).toEqual(['w2'])
  expect(names('other-workers')).toEqual(['w1'])
  expect(names('staying-control-planes')).toEqual(['cp1', 'cp2'])
  expect(names('leaving')).toEqual([])
})

test.each([
  ['all', 'cp1 w1 e1 e2 e3'],
  ['nodes', 'cp1 w1'],
  ['control-planes', 'cp1'],
  ['first-control-plane', 'cp1'],
  ['other-control-planes', ''],
  ['other-hosts', 'w1 e1 e2 e3'],
  ['workers', 'w1'],
  ['etcd-hosts', 'e1 e2 e3'],
  ['first-etcd-host', 'e2'],
  ['other-etcd-hosts', 'e1 e3'],
  ['other-workers', 'w1'],
] as const)('with etcd on hosts of its own the hosts of a phase may be %s', (selector, names) => {
  const parts = { leading: 'cp1', leadingEtcd: 'e2', joining: [], leaving: undefined }
  const selected = selectHosts(clusterWithEtcdHosts, selector, parts)
  expect(selected.map(({ name }) => name).join(' ')).toBe(names)
})

test('of control planes those stay that do not join', () => {
  const cluster = clusterOf({ hosts: [hostOf({ name: 'cp1' }), hostOf({ name: 'cp2' }), workerOf('w1', '10.89.5.21')] })
  const parts = { leading: 'cp1', leadingEtcd: undefined, joining: ['cp2'], leaving: undefined }
  expect(selectHosts(cluster, 'staying-control-planes', parts).map(({ name }) => name)).toEqual(['cp1'])
})

test('those that hold a virtual address are known by their keepalived', () => {
  const cluster = clusterOf({ hosts: [hostOf({ name: 'cp1' }), hostOf({ name: 'cp2' }), workerOf('w1', '10.89.5.21')] })
  const parts = { leading: 'cp1', leadingEtcd: undefined, joining: [], leaving: undefined, holding: ['cp2'] }
  expect(selectHosts(cluster, 'holding-control-planes', parts).map(({ name }) => name)).toEqual(['cp2'])
})

/** Facts of a control plane of the cluster, with data of etcd. */
function factsAt(hostname: string): Facts {
  const nodeIP = `10.89.5.1${hostname.slice(-1)}`
  return factsOf({
    hostname,
    nodeIP,
    survey: { etcdData: true },
    state: { cluster: { id: 'cluster-1', name: 'lab' } },
  })
}

describe('the member that keeps a snapshot', () => {
  const hosts = [...['cp1', 'cp2', 'cp3'].map((name) => hostOf({ name })), workerOf('w1', '10.89.5.21')]
  const cluster = clusterOf({ hosts })
  const living = { apiServer: 'up', etcdElsewhere: [], hasSuperAdmin: false, ledAt: 0, etcdMembers: [] } as const

  /** Phases by host of a run that has reached these hosts and is limited to those. */
  async function phasesOf(name: string, reached: readonly string[], limit: readonly string[]) {
    const controlPlanes = reached.map((host) => ({ ...living, host, hasEtcdData: !limit.includes(host) }))
    const fleet = new Map(reached.map((host) => [host, factsAt(host)]))
    const contexts = new Map(
      hosts.flatMap((host) => {
        const facts = fleet.get(host.name)
        const observed = observedOf({ controlPlanes })
        return facts === undefined
          ? []
          : [[host.name, contextOf({ cluster, host, facts, fleet, run: limit, observed })] as const]
      }),
    )
    const agenda = agendaOf(await loadPlaybook(name), allTasks(), cluster, { contexts, limit })
    const rows = agenda.phases.flatMap((phase) => phase.hosts.map(({ host }) => [host, phase.name] as const))
    return (host: string) => rows.flatMap(([at, phase]) => (at === host ? [phase] : []))
  }

  test('is not reset with the others, which wait for it', async () => {
    const phases = await phasesOf('reset', ['cp2', 'cp3'], ['cp2'])
    expect(phases('cp3')).toEqual(['snapshot'])
    expect(phases('cp2')).toEqual(['check', 'control-planes'])
    const { phases: whole } = await loadPlaybook('reset')
    const erasing = whole.filter(({ name, tasks }) => name !== 'workers' && tasks.includes('reset/data'))
    expect(erasing.map(({ after }) => after)).toEqual([['snapshot'], ['snapshot']])
  })

  test('is nobody where all are reset, or a host without a member is', async () => {
    expect((await phasesOf('reset', ['cp1', 'cp2', 'cp3'], ['cp1', 'cp2', 'cp3']))('cp1')).not.toContain('snapshot')
    expect((await phasesOf('reset', ['cp3', 'w1'], ['w1']))('cp3')).toEqual([])
  })

  test('does that and nothing else where a run is limited to a host that joins anew', async () => {
    const phases = await phasesOf('cluster', ['cp1', 'cp2', 'cp3'], ['cp3'])
    expect(phases('cp1')).toEqual(['snapshot'])
    expect(phases('cp2')).toEqual([])
    expect(phases('cp3')).toContain('etcd')
  })

  test.each(['cluster', 'node-add'])('is waited for by those who join etcd in %s', async (name) => {
    const { phases } = await loadPlaybook(name)
    const joining = phases.filter(({ tasks }) => tasks.includes('etcd/join'))
    expect(joining.filter(({ after }) => !after.includes('snapshot'))).toEqual([])
  })
})

test.each(['cluster', 'node-add', 'node-replace'])(
  '%s tells control planes of a new one before it may hold their address',
  async (name) => {
    const { phases } = await loadPlaybook(name)
    const told = phases.find(({ tasks: names }) => names.includes('endpoint/peers') || names.includes('endpoint/held'))
    expect(told?.concurrency).toBe(1)
    // The first control plane lives, so it has been told if anyone was.
    const holding = phases.find((phase) => phase.tasks.includes('endpoint/virtual-ip'))
    expect(holding?.hosts).not.toBe('first-control-plane')
    expect(holding?.after).toContain(told?.name)
  },
)

test.each(['node-remove', 'node-replace'])(
  '%s lets those that stay forget a control plane when it no longer holds their address',
  async (name) => {
    const { phases } = await loadPlaybook(name)
    const cleaned = phases.findIndex(({ tasks: names }) => names.includes('reset/pods'))
    const gone = phases.find(({ after }) => after.includes(phases[cleaned]?.name ?? ''))
    const forgetting = phases.find(({ tasks: names }) => names.includes('endpoint/peers'))
    expect(forgetting?.after).toContain(gone?.name)
  },
)

test.each(['node-add', 'node-replace'])(
  "%s keeps Calico's controllers on control planes before a worker comes, which has no image of them",
  async (name) => {
    const { phases } = await loadPlaybook(name)
    const kept = phases.find(({ tasks: names }) => names.includes('network/calico-controllers'))
    expect(kept?.hosts).toBe('first-control-plane')
    expect(phases.find(({ tasks: names }) => names.includes('node/join'))?.after).toContain(kept?.name)
  },
)

test.each([
  ['the workers', [workerOf('w1', '10.89.5.21')], 'join', ['etcd', 'control-planes']],
  ['all control planes where there is no worker', [], 'control-planes', []],
])('DNS comes after %s', async (_whom, workers, before, notBefore) => {
  const hosts = [hostOf({ name: 'cp1' }), hostOf({ name: 'cp2' }), hostOf({ name: 'cp3' }), ...workers]
  const cluster = clusterOf({ hosts, cni: { name: 'none' } })
  const contexts = new Map(hosts.map((host) => [host.name, contextOf({ cluster, host })]))
  const { phases } = agendaOf(await loadPlaybook('cluster'), allTasks(), cluster, { contexts })
  const told: string[] = []
  const others = new Set(notBefore)
  const dns = latch()
  const run = async (phase: Phase) => {
    if (phase.name === 'nodes') dns.open()
    // Whoever is not waited for has not ended when DNS comes.
    if (others.has(phase.name)) await dns.opened
    return true
  }
  await schedule(phases, run, (phase, host, outcome) => told.push(`${phase.name} ${host} ${outcome}`))
  const last = workers.at(-1)?.name ?? 'cp3'
  expect(told).toContain(`${before} ${last} finished`)
  expect(told.indexOf(`${before} ${last} finished`)).toBeLessThan(told.indexOf('nodes cp1 started'))
})

test('a task that the build lacks is an error for a person', async () => {
  const context = contextOf()
  const playbook = await loadPlaybook('cluster')
  const agenda = () =>
    agendaOf(playbook, new Map(), context.cluster, { contexts: new Map([[context.host.name, context]]) })
  expect(agenda).toThrow(
    expect.objectContaining({ details: expect.objectContaining({ code: 'KW0003', exit: 'internal' }) }),
  )
})
