import { expect, test } from 'vitest'
import type { Finding } from '../../../src/engine/resource.ts'
import type { Facts } from '../../../src/host/facts.ts'
import type { Host } from '../../../src/inventory/cluster.ts'
import type { Observed, ObservedControlPlane } from '../../../src/kubernetes/observed.ts'
import type { Context } from '../../../src/tasks/context.ts'
import { resetCheck } from '../../../src/tasks/reset/check.ts'
import { clusterOf, contextOf, factsOf, hostOf, nodeOf, observedOf, workerOf } from '../../support/facts.ts'
import { onHost } from '../../support/etcd-hosts.ts'
import { clusterWith, etcdPki, externalOf } from '../../support/external-etcd.ts'
import { factsWith } from './support.ts'

const hosts = [hostOf(), hostOf({ name: 'cp2' }), workerOf('w1', '10.89.5.21'), workerOf('w2', '10.89.5.22')]
const cluster = clusterOf({ hosts })

function findings(context: Context): readonly Finding[] {
  return resetCheck.resources(context).flatMap((resource) => resource.examine?.(undefined) ?? [])
}

function findingsOn(name: string, fleet: readonly string[], facts: Facts = factsWith()): readonly Finding[] {
  const host = hosts.find((one) => one.name === name) ?? hostOf()
  return findings(contextOf({ cluster, host, facts, fleet: new Map(fleet.map((each) => [each, facts])) }))
}

test('a reset of all hosts of the cluster has nothing to say', () => {
  expect(findingsOn('cp1', ['cp1', 'cp2', 'w1', 'w2'])).toEqual([])
  expect(findingsOn('w1', ['cp1', 'cp2', 'w1', 'w2'])).toEqual([])
})

const members = [member('cp1', '10.89.5.11'), member('cp2', '10.89.5.12'), member('cp3', '10.89.5.13')]
const living: ObservedControlPlane = {
  host: 'cp2',
  hasEtcdData: true,
  apiServer: 'up',
  etcdElsewhere: [],
  hasSuperAdmin: false,
  ledAt: 0,
  etcdMembers: members,
}

function member(name: string, address: string) {
  return { id: '1', name, peerURLs: [`https://${address}:2380`], learner: false }
}

const etcdFacts = {
  survey: { etcdData: true, manifests: ['etcd.yaml'] },
  state: { cluster: { id: 'cluster-1', name: 'lab' } },
}

/** What is said of a reset of e1 alone, beside which this host keeps a snapshot. */
function etcdHostAlone(observed: Partial<Observed>, keeper?: [string, Facts]): readonly Finding[] {
  const context = onHost('e1', { facts: etcdFacts, ...observed })
  const fleet = new Map([['e1', context.facts], ...(keeper === undefined ? [] : [keeper])])
  return findings({ ...context, fleet, run: ['e1'] })
}

const ofEtcd = ['e1', 'e2', 'e3'].map((name) => member(name, `10.89.5.3${name.slice(1)}`))
const others = { etcdHosts: [{ host: 'e2', hasEtcdData: true, etcdMembers: ofEtcd }] }

test('a host of etcd that counts among the members is refused with the arithmetic, and what to do is told', () => {
  const [finding, ...more] = etcdHostAlone(others, ['e2', factsOf(etcdFacts)])
  expect(more).toEqual([])
  expect(finding).toMatchObject({ check: 'LivingCluster', severity: 'error' })
  expect(finding?.message).toBe(
    'the cluster lives on e2, and counts on this host: as one of 3 members of etcd, which needs 2 of them',
  )
  expect(finding?.hint).toContain('Remove its member on another host of etcd ("etcdctl member remove")')
})

/** What is said of snapshots there. */
function toldOfSnapshots(keeper?: [string, Facts]): readonly string[] {
  return etcdHostAlone({}, keeper).flatMap(({ check, message }) => (check === 'EtcdSnapshot' ? [message] : []))
}

test('that no snapshot is kept is said where no other member can be asked, or only that of another cluster', () => {
  const warned = ['no snapshot of etcd is saved before its data goes here: no member answers on e2 and e3']
  expect(toldOfSnapshots()).toEqual(warned)
  const ofAnother = factsOf({ state: { cluster: { id: 'cluster-2', name: 'lab' } } })
  expect(toldOfSnapshots(['e3', ofAnother])).toEqual(warned)
  expect(toldOfSnapshots(['e3', factsOf(etcdFacts)])).toEqual([])
})

test('a host of etcd is refused while API servers live of it, and while nobody answers', () => {
  const led = { ...living, host: 'cp1', hasEtcdData: false, etcdMembers: undefined }
  const [served] = etcdHostAlone({ controlPlanes: [{ ...led, etcdElsewhere: ['https://10.89.5.31:2379'] }] })
  expect(served?.message).toBe('the cluster lives on cp1, and counts on this host: as the etcd of its API servers')
  expect(etcdHostAlone({})[0]?.message).toContain('cp1, e2 and e3 do not answer, so whether etcd there counts')
})

test('a host of etcd that is no member any more may be reset alone, and so may all hosts together', () => {
  const [{ etcdMembers, ...view }] = others.etcdHosts as [(typeof others.etcdHosts)[number]]
  expect(etcdHostAlone({ etcdHosts: [{ ...view, etcdMembers: etcdMembers.slice(1) }] })).toEqual([])
  expect(findings(onHost('e1', { facts: etcdFacts }))).toEqual([])
})

test('the objects in an external etcd stay, and how to delete them is told once', async () => {
  const external = externalOf(await etcdPki())
  const told = (host: Host) => findings(contextOf({ cluster: clusterWith(external, { hosts }), host, fleet }))
  const fleet = new Map(hosts.map(({ name }) => [name, factsWith()]))
  expect(told(hosts[0]!)).toMatchObject([{ check: 'ExternalEtcd', severity: 'warning' }])
  expect(told(hosts[0]!)[0]?.message).toContain('https://10.89.5.31:2379, below /registry')
  expect(told(hosts[1]!)).toEqual([])
})

test('a host of an earlier cluster of this name may be reset while another cluster keeps a snapshot', () => {
  const stale = factsOf({ state: { cluster: { id: 'cluster-0', name: 'lab' } } })
  const fleet = new Map([
    ['cp1', factsWith()],
    ['cp2', stale],
  ])
  const context = contextOf({ cluster, host: hosts[1]!, facts: stale, fleet, run: ['cp2'] })
  expect(findings(context).map(({ check }) => check)).not.toContain('ForeignCluster')
})

test("another cluster's host is refused", () => {
  const facts = factsOf({ state: { cluster: { id: 'other', name: 'production' } } })
  const [finding, ...others] = findings(contextOf({ facts }))
  expect(others).toEqual([])
  expect(finding).toMatchObject({ check: 'ForeignCluster', severity: 'error' })
  expect(finding?.message).toBe('the host belongs to the cluster production (other), the inventory describes lab')
})

test('a host of a cluster with the same name and another id is refused, too', () => {
  const ours = factsWith()
  const theirs = factsOf({ state: { cluster: { id: 'cluster-2', name: 'lab' } } })
  const context = contextOf({
    cluster,
    host: workerOf('w1', '10.89.5.21'),
    facts: theirs,
    fleet: new Map([
      ['cp1', ours],
      ['w1', theirs],
    ]),
  })
  expect(findings(context).map(({ check }) => check)).toContain('ForeignCluster')
})

function findingsAlone(name: string, observed: Partial<Observed>, facts = withEtcdData): readonly Finding[] {
  const host = hosts.find((one) => one.name === name) ?? hostOf()
  return findings(contextOf({ cluster, host, facts, fleet: new Map([[name, facts]]), observed: observedOf(observed) }))
}

const ofWorker = { ...factsWith(), nodeIP: '10.89.5.21' }
const withEtcdData = { ...factsWith(), survey: { ...factsWith().survey, etcdData: true } }

test('a node of a cluster that lives on is refused, and the right way is named', () => {
  expect(findingsAlone('w1', { nodes: [nodeOf('w1')], controlPlanes: [living] }, ofWorker)).toEqual([
    {
      check: 'LivingCluster',
      severity: 'error',
      message: 'the cluster lives on cp2, and counts on this host: as a node',
      hint: 'Take it out of the cluster with "kubewright node remove w1", which cleans the host, too. With --ignore LivingCluster it is reset all the same, and the cluster goes on counting on it.',
    },
  ])
})

test('a member of an etcd that lives on is refused with the arithmetic', () => {
  const [finding] = findingsAlone('cp1', { nodes: [nodeOf('cp1')], controlPlanes: [living] })
  expect(finding).toMatchObject({ check: 'LivingCluster', severity: 'error' })
  expect(finding?.message).toBe(
    'the cluster lives on cp2, and counts on this host: as one of 3 members of etcd, which needs 2 of them, and as a node',
  )
})

test('a host that has left the cluster, a bare one, and one beside which there is none yet, may be reset alone', () => {
  const without = { ...living, etcdMembers: members.slice(1) }
  expect(findingsAlone('cp1', { nodes: [nodeOf('cp2')], controlPlanes: [without] })).toEqual([])
  expect(findingsAlone('w1', { nodes: [nodeOf('cp2')], controlPlanes: [living] }, ofWorker)).toEqual([])
  expect(findingsAlone('w1', {}, factsOf())).toEqual([])
  const bare = { ...living, hasEtcdData: false, apiServer: 'absent', etcdMembers: undefined } as const
  expect(findingsAlone('cp1', { controlPlanes: [bare] })).toEqual([])
})

test('where no control plane answers a worker may go with a warning, and the data of etcd may not', () => {
  expect(findingsAlone('w1', {}, factsWith())).toEqual([
    {
      check: 'NodeRemains',
      severity: 'warning',
      message: 'cp1 and cp2 do not answer, so the Node w1 may stay in the API',
      hint: 'Then: kubectl delete node w1',
    },
  ])
  const [finding] = findingsAlone('cp1', {})
  expect(finding).toMatchObject({ check: 'LivingCluster', severity: 'error' })
  expect(finding?.message).toContain('its data may be the last')
})

test('workers that remain without a cluster are named once', () => {
  expect(findingsOn('cp1', ['cp1', 'cp2']).map(({ message }) => message)).toEqual([
    'w1 and w2 stay behind as nodes of a cluster that is gone',
  ])
  expect(findingsOn('cp2', ['cp1', 'cp2'])).toEqual([])
})

test('hosts of etcd that remain keep the objects, which is said once', () => {
  const whole = onHost('cp1', { facts: { state: etcdFacts.state } })
  const fleet = new Map(['cp1', 'w1'].map((name) => [name, whole.facts]))
  const [finding, ...more] = findings({ ...whole, fleet, run: [...fleet.keys()] })
  expect(more).toEqual([])
  expect(finding).toMatchObject({ check: 'EtcdRemains', severity: 'warning' })
  expect(finding?.message).toBe('the objects of the cluster stay in etcd on e1, e2 and e3')
})

/** What a reset of all nodes says when this is known of the hosts of etcd. */
function remainingBeside(etcdHosts: Observed['etcdHosts']): readonly string[] {
  const whole = onHost('cp1', { facts: { state: etcdFacts.state }, etcdHosts })
  const fleet = new Map(['cp1', 'w1'].map((name) => [name, whole.facts]))
  return findings({ ...whole, fleet, run: [...fleet.keys()] }).map(({ message }) => message)
}

test('no objects stay on hosts of etcd that are known to have no data', () => {
  const etcdHosts = ['e1', 'e2', 'e3'].map((host) => ({ host, hasEtcdData: host === 'e3', etcdMembers: undefined }))
  const onThird = ['the objects of the cluster stay in etcd on e3']
  expect(remainingBeside(etcdHosts)).toEqual(onThird)
  expect(remainingBeside(etcdHosts.slice(0, 2))).toEqual(onThird)
  expect(remainingBeside(etcdHosts.map((view) => ({ ...view, hasEtcdData: false })))).toEqual([])
})

test('state without a record is removed, and said to be', () => {
  const facts = factsOf({ survey: { manifests: ['etcd.yaml'], etcdData: true } })
  const [finding] = findings(contextOf({ facts }))
  expect(finding).toMatchObject({ check: 'UnknownCluster', severity: 'warning' })
  expect(finding?.message).toContain('with the data of etcd')
})
