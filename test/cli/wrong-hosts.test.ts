import { describe, expect, test } from 'vitest'
import { blockingFindings } from '../../src/cli/blocking.ts'
import type { Services } from '../../src/cli/services.ts'
import type { Facts } from '../../src/host/facts.ts'
import type { Cluster } from '../../src/inventory/cluster.ts'
import type { Observed } from '../../src/kubernetes/observed.ts'
import { preflightTasks } from '../../src/tasks/preflight/tasks.ts'
import { clusterOf, contextOf, factsOf, type FactsOverrides, hostOf, observedOf, workerOf } from '../support/facts.ts'
import { call, changeOf, planOf, prepared, workplace } from './support.ts'

/** Two good hosts, and what is wrong with them. */
interface Situation {
  readonly cluster?: Partial<Cluster>
  readonly cp1?: FactsOverrides
  readonly w1?: FactsOverrides
  readonly observed?: Partial<Observed>
}

/** Everything that preflight says to a situation, as the plan of a run that would also change something. */
function judging(situation: Situation): Services['prepare'] {
  const hosts = [hostOf(), workerOf('w1', '10.89.5.21')]
  const cluster = clusterOf({ name: 'demo', hosts, ...situation.cluster })
  const fleet = new Map<string, Facts>([
    ['cp1', factsOf({ hostname: 'cp1', ...situation.cp1 })],
    ['w1', factsOf({ hostname: 'w1', nodeIP: '10.89.5.21', ...situation.w1 })],
  ])
  const observed = observedOf(situation.observed)
  const findings = hosts.flatMap((host) => {
    const facts = fleet.get(host.name) ?? factsOf()
    const context = contextOf({ cluster, host, facts, fleet, observed })
    const resources = preflightTasks.flatMap((task) => task.resources(context))
    return resources.flatMap((resource) =>
      (resource.examine?.(undefined) ?? []).map((finding) => ({ host: host.name, finding })),
    )
  })
  return async (options, mode) => {
    const blocking = blockingFindings(findings, options.ignore)
    const run = await prepared({ plan: planOf([changeOf()], findings), blocking })(options, mode)
    return { ...run, apply: async () => Promise.reject(new Error('something was changed')) }
  }
}

const ours = { state: { cluster: { id: 'id-1', name: 'demo' } } }
const foreign = { state: { cluster: { id: 'id-2', name: 'prod' } } }
const full = {
  path: '/var/lib/containerd',
  mount: '/var/lib/containerd',
  device: '/dev/vdb',
  free: 0,
  total: 2 ** 34,
  freeInodes: 1_000_000,
  writable: true,
}

/** What the living cluster was made with, but for one thing. */
function living(difference: object): Situation {
  const configuration = {
    kubernetesVersion: '1.37.1',
    podSubnets: ['10.244.0.0/16'],
    serviceSubnets: ['10.96.0.0/12'],
    dnsDomain: 'cluster.local',
    apiServerPort: 6443,
    ...difference,
  }
  return { cp1: ours, w1: ours, observed: { exists: true, api: 'up', living: configuration, cnis: ['flannel'] } }
}

const cases: readonly { title: string; situation: Situation; printed: readonly string[]; final?: boolean }[] = [
  {
    title: 'a clock that is ten minutes off',
    situation: { w1: { clockOffset: 600 } },
    printed: [
      'error ClockSkew [w1] the clock is 10 min 0 s ahead of that of cp1',
      '  What to do: Set the clock, and see that a time service runs ("timedatectl status").',
    ],
  },
  {
    title: 'port 6443 taken',
    situation: { cp1: { survey: { listening: [{ address: '0.0.0.0', port: 6443, process: 'haproxy' }] } } },
    printed: [
      'error Port-6443 [cp1] port 6443, which the API server needs, is taken by the process haproxy on 0.0.0.0',
      '  What to do: Stop it, or let it use another port ("ss -ltnp sport = :6443" shows it).',
    ],
  },
  {
    title: 'a full disk',
    situation: { w1: { survey: { disks: [full] } } },
    printed: [
      'error DiskSpace [w1] the file system /var/lib/containerd has 0 B free of 16 GiB; it holds /var/lib/containerd and needs 2 GiB',
      '  What to do: Free some space, enlarge the file system, or set other directories in the inventory.',
    ],
  },
  {
    title: "another cluster's host",
    situation: { w1: foreign },
    printed: [
      'error ForeignCluster [w1] the host belongs to the cluster prod (id-2), the inventory describes demo',
      '  What to do: Remove the host from this inventory, or reset it with the inventory of its own cluster first.',
    ],
    final: true,
  },
  {
    title: 'another version than that of the living cluster',
    situation: living({ kubernetesVersion: '1.36.4' }),
    printed: [
      'error KubernetesVersion [cp1] the living cluster has the Kubernetes version 1.36.4, the inventory says 1.37.1; apply cannot change it, because an upgrade has an order of its own',
      '  What to do: Set the Kubernetes version in the inventory back to 1.36.4.',
    ],
    final: true,
  },
  {
    title: 'another pod subnet than that of the living cluster',
    situation: living({ podSubnets: ['10.200.0.0/16'] }),
    printed: [
      'error PodSubnet [cp1] the living cluster has the pod subnet 10.200.0.0/16, the inventory says 10.244.0.0/16; apply cannot change it, because nodes and pods have their addresses from it',
      '  What to do: Set the pod subnet in the inventory back to 10.200.0.0/16.',
    ],
    final: true,
  },
]

describe('preflight tells', () => {
  test.each(cases)('$title as one error with what to do, and nothing is changed', async (one) => {
    const cwd = await workplace()
    const services = { prepare: judging(one.situation) }
    const check = one.printed[0]?.split(' ')[1] ?? ''
    const around = one.final === true ? [] : [`If you know better: --ignore ${check}`]
    for (const argv of [['preflight'], ['plan'], ['apply', '--yes']]) {
      const { code, stderr } = await call({ argv, cwd, services })
      expect(code).toBe(6)
      const told = stderr.lines.filter((line) => !/^$|^Preflight found errors|^Log:/.test(line))
      expect(told).toEqual([...one.printed, ...around])
    }
  })

  test.each(cases)('$title as a document', async (one) => {
    const argv = ['preflight', '--output', 'json']
    const { code, stdout } = await call({ argv, cwd: await workplace(), services: { prepare: judging(one.situation) } })
    const { findings } = JSON.parse(stdout.text) as { findings: readonly object[] }
    const [, check, host] = /^error (\S+) \[(\w+)\]/.exec(one.printed[0] ?? '') ?? []
    expect(code).toBe(6)
    expect(findings).toMatchObject([{ host, ignored: false, finding: { check, severity: 'error' } }])
  })

  test.each(cases.filter(({ final }) => final))('$title even to those who want to ignore it', async (one) => {
    const check = one.printed[0]?.split(' ')[1] ?? ''
    const argv = ['apply', '--yes', '--ignore', check]
    const { code } = await call({ argv, cwd: await workplace(), services: { prepare: judging(one.situation) } })
    expect(code).toBe(6)
  })

  test('the same of several hosts together, and everything at once', async () => {
    const situation: Situation = {
      cp1: { clockOffset: -600, survey: { disks: [full] } },
      w1: {
        clockOffset: -600,
        survey: { disks: [full], listening: [{ address: '::', port: 10250, process: undefined }] },
      },
    }
    const { code, stderr } = await call({
      argv: ['apply', '--yes'],
      cwd: await workplace(),
      services: { prepare: judging(situation) },
    })
    expect(code).toBe(6)
    const errors = stderr.lines.filter((line) => line.startsWith('error'))
    expect(errors.map((line) => line.split(' ').slice(1, 3).join(' '))).toEqual([
      'DiskSpace [cp1,',
      'ClockSkew [cp1,',
      'Port-10250 [w1]',
    ])
    expect(stderr.text).toContain('If you know better: --ignore DiskSpace,ClockSkew,Port-10250')
  })
})
