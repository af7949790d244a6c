import { expect, test } from 'vitest'
import type { Finding } from '../../../src/engine/resource.ts'
import type { Facts } from '../../../src/host/facts.ts'
import type { Host } from '../../../src/inventory/cluster.ts'
import type { Context } from '../../../src/tasks/context.ts'
import { resetCheck } from '../../../src/tasks/reset/check.ts'
import { clusterOf, contextOf, factsOf, hostOf, workerOf } from '../../support/facts.ts'
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

test('a host of etcd does not leave the others and the API servers without being asked to', () => {
  const data = { survey: { etcdData: true } }
  const alone = { ...onHost('e1', { facts: data }), fleet: new Map([['e1', factsOf(data)]]) }
  expect(findings(alone)).toMatchObject([{ check: 'EtcdMember', severity: 'error' }])
  expect(findings(alone)[0]?.message).toContain('cp1, e2 and e3 still count on the member')
  expect(findings(onHost('e1', { facts: data }))).toEqual([])
})

test('the objects in an external etcd stay, and how to delete them is told once', async () => {
  const external = externalOf(await etcdPki())
  const told = (host: Host) => findings(contextOf({ cluster: clusterWith(external, { hosts }), host, fleet }))
  const fleet = new Map(hosts.map(({ name }) => [name, factsWith()]))
  expect(told(hosts[0]!)).toMatchObject([{ check: 'ExternalEtcd', severity: 'warning' }])
  expect(told(hosts[0]!)[0]?.message).toContain('https://10.89.5.31:2379, below /registry')
  expect(told(hosts[1]!)).toEqual([])
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

test('a worker that is reset alone leaves its node in the API, and whoever does it is told', () => {
  expect(findingsOn('w1', ['w1'])).toEqual([
    {
      check: 'NodeRemains',
      severity: 'warning',
      message: 'the Node w1 stays in the API of cp1 and cp2',
      hint: 'Delete it there: kubectl delete node w1',
    },
  ])
})

test('a control plane does not leave the other members of etcd without being asked to', () => {
  const facts = { ...factsWith(), survey: { ...factsWith().survey, etcdData: true } }
  const [finding] = findingsOn('cp1', ['cp1'], facts)
  expect(finding).toMatchObject({ check: 'EtcdMember', severity: 'error' })
})

test('workers that remain without a cluster are named once', () => {
  expect(findingsOn('cp1', ['cp1', 'cp2']).map(({ message }) => message)).toEqual([
    'w1 and w2 stay behind as nodes of a cluster that is gone',
  ])
  expect(findingsOn('cp2', ['cp1', 'cp2'])).toEqual([])
})

test('state without a record is removed, and said to be', () => {
  const facts = factsOf({ survey: { manifests: ['etcd.yaml'], etcdData: true } })
  const [finding] = findings(contextOf({ facts }))
  expect(finding).toMatchObject({ check: 'UnknownCluster', severity: 'warning' })
  expect(finding?.message).toContain('with the data of etcd')
})
