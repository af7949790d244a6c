import { beforeAll, describe, expect, test } from 'vitest'
import type { ObservedEndpoint } from '../../../src/kubernetes/external-etcd.ts'
import type { Observed, ObservedControlPlane } from '../../../src/kubernetes/observed.ts'
import { etcdServers } from '../../../src/tasks/control-planes.ts'
import { preflightCluster } from '../../../src/tasks/preflight/cluster.ts'
import { preflightEtcd } from '../../../src/tasks/preflight/etcd.ts'
import { clusterWith, etcdPki, externalOf, seen, type EtcdPki } from '../../support/external-etcd.ts'
import { clusterOf, contextOf, factsOf, hostOf, observedOf, workerOf } from '../../support/facts.ts'
import { onHost } from '../../support/etcd-hosts.ts'
import { found, own, told } from './findings.ts'

const here = 'https://10.89.5.31:2379'
const now = new Date('2026-10-01T12:00:00Z')
const ours = factsOf({ state: { cluster: own } })
const living: ObservedControlPlane = {
  host: 'cp1',
  hasEtcdData: false,
  apiServer: 'up',
  etcdElsewhere: [here],
  hasSuperAdmin: true,
  ledAt: 1,
  etcdMembers: undefined,
}

let pki: EtcdPki

beforeAll(async () => {
  pki = await etcdPki(new Date('2026-09-01T12:00:00Z'))
})

function bare(...externalEtcd: readonly ObservedEndpoint[]) {
  return contextOf({ cluster: clusterWith(externalOf(pki)), observed: observedOf({ externalEtcd }), now })
}

function alive(observed: Partial<Observed>, cluster = clusterWith(externalOf(pki))) {
  const known = observedOf({ exists: true, api: 'up', controlPlanes: [living], ...observed })
  return contextOf({ cluster, facts: ours, observed: known, now })
}

test('an etcd that answers, is empty and new enough has no finding', () => {
  expect(found(preflightEtcd, bare(seen()))).toEqual([])
})

test('a cluster whose etcd runs beside the API servers has nothing to look at', () => {
  expect(found(preflightEtcd, contextOf())).toEqual([])
})

describe('an endpoint', () => {
  test.each([
    ['silent', 'connection refused', 'error ExternalEtcdVersion', `does not reach the external etcd at ${here}`],
    ['tls', 'unknown ca', 'error ExternalEtcdClientCertificates', 'do not agree on certificates: unknown ca'],
    ['answer', 'it is a wiki', 'error ExternalEtcdVersion', 'is not a member of etcd: it is a wiki'],
    ['not-forwarded', 'prohibited', 'warning ExternalEtcd', 'was not looked at from this host'],
  ] as const)('that is %s is told with the reason', (problem, message, finding, text) => {
    const context = bare(seen({ problem, message }))
    expect(found(preflightEtcd, context)).toEqual([finding])
    expect(told(preflightEtcd, context)).toContain(text)
  })

  test('that a living cluster loses does not keep anyone from repairing it', () => {
    const externalEtcd = [
      seen({ problem: 'silent', message: 'x' }),
      seen({ hasObjects: true }, 'https://10.89.5.32:2379'),
    ]
    expect(found(preflightEtcd, alive({ externalEtcd }))).toEqual(['warning ExternalEtcdVersion'])
  })

  test('that a new control plane of a living cluster does not reach keeps it out', () => {
    const cluster = { ...clusterWith(externalOf(pki)), hosts: [hostOf(), hostOf({ name: 'cp2' })] }
    const externalEtcd = [{ ...seen({ problem: 'silent', message: 'x' }), host: 'cp2' }]
    const known = { ...alive({ externalEtcd }, cluster), fleet: new Map([['cp1', ours]]) }
    const context = { ...known, host: hostOf({ name: 'cp2' }), facts: factsOf() }
    expect(found(preflightEtcd, context)).toEqual(['error ExternalEtcdVersion'])
  })

  test('is told by the control plane that asked it', () => {
    const context = { ...bare(seen({ problem: 'silent', message: 'x' })), host: hostOf({ name: 'cp2' }) }
    expect(found(preflightEtcd, context)).toEqual([])
  })

  test('with an etcd that kubeadm would refuse is refused, with both versions', () => {
    const context = bare(seen({ version: '3.5.23' }))
    expect(found(preflightEtcd, context)).toEqual(['error ExternalEtcdVersion'])
    expect(told(preflightEtcd, context)).toContain('is 3.5.23, Kubernetes 1.37.1 needs 3.5.24 or later')
    expect(found(preflightEtcd, bare(seen({ version: '3.5.24' })))).toEqual([])
  })

  test('that complains or has no leader is a warning', () => {
    const context = bare(seen({ errors: ['alarm: NOSPACE'], leaderId: '0' }))
    expect(found(preflightEtcd, context)).toEqual(['warning ExternalEtcd', 'warning ExternalEtcd'])
    expect(told(preflightEtcd, context)).toContain('NOSPACE')
  })

  test('of another etcd than the first is refused', () => {
    const context = bare(seen(), seen({ clusterId: '9' }, 'https://10.89.5.32:2379'))
    expect(found(preflightEtcd, context)).toEqual(['error ExternalEtcd'])
  })
})

describe('the objects of another cluster', () => {
  test('are found before anything is installed', () => {
    const context = bare(seen({ hasObjects: true }))
    expect(found(preflightEtcd, context)).toEqual(['error ExternalEtcdData'])
    expect(told(preflightEtcd, context)).toContain('has objects below /registry already')
    expect(told(preflightEtcd, context)).toContain('etcdctl del /registry/ --prefix')
  })

  test('are our own where the control planes are ours', () => {
    expect(found(preflightEtcd, alive({ externalEtcd: [seen({ hasObjects: true })] }))).toEqual([])
  })

  test("are still another cluster's where a control plane has nothing but our name", () => {
    const context = alive({
      externalEtcd: [seen({ hasObjects: true })],
      controlPlanes: [{ ...living, apiServer: 'absent' }],
    })
    expect(found(preflightEtcd, context)).toEqual(['error ExternalEtcdData'])
  })

  test('are our own for a new host, too, that speaks for a run that is limited to it', () => {
    const whole = alive({ externalEtcd: [seen({ hasObjects: true })] })
    const host = hostOf({ name: 'cp2' })
    const facts = factsOf({ hostname: 'cp2', nodeIP: '10.89.5.12' })
    const cluster = { ...whole.cluster, hosts: [...whole.cluster.hosts, host] }
    const fleet = new Map([...whole.fleet, ['cp2', facts] as const])
    expect(found(preflightEtcd, { ...whole, cluster, host, facts, fleet, run: ['cp2'] })).toEqual([])
  })

  test('that are missing while the cluster lives say that it is another etcd', () => {
    expect(found(preflightEtcd, alive({ externalEtcd: [seen()] }))).toEqual(['error ExternalEtcdData'])
  })

  test("that may not be read are nobody's", () => {
    expect(found(preflightEtcd, bare(seen({ hasObjects: undefined })))).toEqual([])
  })
})

test('the key of the authority is where that etcd is run, and nobody misses it', () => {
  const authorities = { 'etcd/ca': { certificate: 'theirs', certificateOn: ['cp1'], keyOn: [], differsOn: [] } }
  expect(found(preflightCluster, alive({ authorities }))).toEqual([])
  expect(found(preflightCluster, alive({ authorities }, clusterOf()))).toEqual(['error ExternalCA'])
})

test('a new authority of that etcd may have come to some control planes only, when a run was cut off', () => {
  const ca = { certificate: 'theirs', certificateOn: ['cp1', 'cp2'], keyOn: [], differsOn: ['cp2'] }
  expect(found(preflightCluster, alive({ authorities: { 'etcd/ca': ca } }))).toEqual([])
  expect(found(preflightCluster, alive({ authorities: { 'etcd/ca': ca } }, clusterOf()))).toEqual(['error Authority'])
})

describe('the client certificate', () => {
  test.each([
    ['2027-10-01T12:00:00Z', ['error', 'error']],
    ['2027-08-20T12:00:00Z', ['warning', 'warning']],
    ['2026-08-01T12:00:00Z', ['error', 'error']],
  ])('and the CA are judged by the day: %s', (day, severities) => {
    const context = { ...bare(seen()), now: new Date(day) }
    const expected = severities.map((severity) => `${severity} ExternalEtcdClientCertificates`)
    expect(found(preflightEtcd, context)).toEqual(expected)
  })
})

describe('hosts of etcd', () => {
  const servers = [1, 2, 3].map((index) => `https://10.89.5.3${index}:2379`)
  const begun = { ...living, etcdElsewhere: servers }
  const state = { state: { cluster: own } }
  const empty = ['e1', 'e2', 'e3'].map((name) => ({ host: name, hasEtcdData: false, etcdMembers: undefined }))

  test('have no finding while one of them has data', () => {
    const etcdHosts = empty.map((one) => ({ ...one, hasEtcdData: one.host === 'e2' }))
    const context = onHost('cp1', { facts: state, api: 'up', controlPlanes: [begun], etcdHosts })
    expect(found(preflightEtcd, context)).toEqual([])
    expect(found(preflightEtcd, onHost('cp1', { etcdHosts: empty }))).toEqual([])
  })

  test('that have lost all data of a cluster do not begin a new one', () => {
    const context = onHost('cp1', { facts: state, api: 'unknown', controlPlanes: [begun], etcdHosts: empty })
    expect(found(preflightEtcd, context)).toEqual(['error EtcdLost'])
    expect(told(preflightEtcd, context)).toContain('none of e1, e2 and e3 has data of etcd')
  })

  test('that have lost their data while others cannot be asked wait for those', () => {
    const etcdHosts = empty.slice(0, 1)
    const context = onHost('cp1', { facts: state, api: 'up', controlPlanes: [begun], etcdHosts })
    expect(found(preflightEtcd, context)).toEqual(['error EtcdLost'])
    expect(told(preflightEtcd, context)).toContain('none of e1 has data of etcd, and e2 and e3 could not be asked')
  })

  test('whom the inventory does not name any more are told, since the majority counts them', () => {
    const etcdMembers = ['e1', 'e2', 'e3', 'e9'].map((name) => ({ id: name, name, peerURLs: [], learner: false }))
    const etcdHosts = empty.map((one) => ({ ...one, hasEtcdData: true, etcdMembers }))
    const context = onHost('cp1', { facts: state, api: 'up', controlPlanes: [begun], etcdHosts })
    expect(found(preflightEtcd, context)).toEqual(['warning UnknownMember'])
    expect(told(preflightEtcd, context)).toContain('etcd counts e9 among its 4 members')
  })

  test('that a run does not reach are members all the same, and have the key of the authority', () => {
    const whole = onHost('cp1', { facts: state, api: 'up', controlPlanes: [begun] })
    const alone = { ...whole, fleet: new Map([['cp1', whole.facts]]) }
    expect(etcdServers(alone)).toEqual(servers)
    expect(etcdServers({ ...whole, observed: observedOf() })).toEqual(servers)
    expect(found(preflightEtcd, alone)).toEqual([])
    const authorities = { 'etcd/ca': { certificate: 'ours', certificateOn: ['cp1'], keyOn: [], differsOn: [] } }
    expect(found(preflightCluster, { ...alone, observed: { ...alone.observed, authorities } })).toEqual([])
    const etcdHosts = empty.map((one) => ({ ...one, hasEtcdData: true }))
    const read = { ...whole, observed: { ...whole.observed, authorities, etcdHosts } }
    expect(found(preflightCluster, read)).toEqual(['error ExternalCA'])
  })
})

describe('the etcd of a living cluster', () => {
  const elsewhere = 'https://10.89.5.99:2379'

  test('does not move away from its control planes', () => {
    const beside = { ...living, hasEtcdData: true, etcdElsewhere: [] }
    const context = alive({ controlPlanes: [beside], externalEtcd: [seen({ hasObjects: true })] })
    expect(found(preflightEtcd, context)).toEqual(['error EtcdTopology'])
    expect(told(preflightEtcd, context)).toContain(`on its control planes, the inventory has it at ${here}`)
  })

  test('does not move onto them', () => {
    const context = alive({}, clusterOf())
    expect(found(preflightEtcd, context)).toEqual(['error EtcdTopology'])
  })

  test('may have more and fewer members, but not all others', () => {
    const cluster = clusterWith(externalOf(pki, { endpoints: [elsewhere, here] }))
    expect(found(preflightEtcd, alive({}, cluster))).toEqual([])
    expect(found(preflightEtcd, alive({}, clusterWith(externalOf(pki, { endpoints: [elsewhere] }))))).toEqual([
      'error EtcdTopology',
    ])
  })

  test('is told once, by the first control plane', () => {
    const context = { ...alive({}, clusterOf()), host: workerOf('w1', '10.89.5.21') }
    expect(found(preflightEtcd, context)).toEqual([])
  })
})
