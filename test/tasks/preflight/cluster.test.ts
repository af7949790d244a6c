import { describe, expect, test } from 'vitest'
import type { LivingConfiguration, Observed, ObservedControlPlane } from '../../../src/kubernetes/observed.ts'
import { preflightCluster } from '../../../src/tasks/preflight/cluster.ts'
import { clusterOf, contextOf, factsOf, hostOf, nodeOf, observedOf, workerOf } from '../../support/facts.ts'
import { etcdHostOf } from '../../support/etcd-hosts.ts'
import { found, own, told } from './findings.ts'

const worker = workerOf('worker1', '10.89.5.12')
const cluster = clusterOf({ hosts: [hostOf(), worker] })
const ours = factsOf({ state: { cluster: own } })
const fleet = new Map([
  ['cp1', ours],
  ['worker1', factsOf({ nodeIP: '10.89.5.12', state: { cluster: own } })],
])

const asInventory: LivingConfiguration = {
  kubernetesVersion: '1.37.1',
  podSubnets: ['10.244.0.0/16'],
  serviceSubnets: ['10.96.0.0/12'],
  dnsDomain: 'cluster.local',
  apiServerPort: 6443,
}

function living(observed: Partial<Observed>) {
  const facts = { exists: true, api: 'up', living: asInventory, cnis: ['flannel'], ...observed } as const
  return contextOf({ cluster, fleet, facts: ours, observed: observedOf(facts) })
}

function onWorker(observed: Partial<Observed>) {
  return { ...living(observed), host: worker, facts: fleet.get('worker1') ?? factsOf() }
}

const nodes = [nodeOf('cp1', { controlPlane: true }), nodeOf('worker1', { internalIPs: ['10.89.5.12'] })]

test('a cluster that is as the inventory says has no finding', () => {
  expect(found(preflightCluster, living({ nodes }))).toEqual([])
  expect(found(preflightCluster, contextOf())).toEqual([])
})

describe('what cannot be changed on a living cluster', () => {
  test.each([
    ['KubernetesVersion', { kubernetesVersion: '1.36.4' }, 'the Kubernetes version 1.36.4, the inventory says 1.37.1'],
    ['PodSubnet', { podSubnets: ['10.200.0.0/16'] }, 'the pod subnet 10.200.0.0/16, the inventory says 10.244.0.0/16'],
    [
      'ServiceSubnet',
      { serviceSubnets: ['10.97.0.0/16'] },
      'the service subnet 10.97.0.0/16, the inventory says 10.96.0.0/12',
    ],
    ['APIServerPort', { apiServerPort: 7443 }, 'the port of the API servers 7443, the inventory says 6443'],
    ['DNSDomain', { dnsDomain: 'example.org' }, 'the DNS domain example.org, the inventory says cluster.local'],
  ])('%s is refused with both values', (check, difference, message) => {
    const context = living({ living: { ...asInventory, ...difference } })
    expect(found(preflightCluster, context)).toEqual([`error ${check}`])
    expect(told(preflightCluster, context)).toContain(message)
  })

  test('what is not known of it is not refused', () => {
    const nothing = {
      kubernetesVersion: undefined,
      podSubnets: undefined,
      serviceSubnets: undefined,
      dnsDomain: undefined,
      apiServerPort: undefined,
    }
    expect(found(preflightCluster, living({ living: nothing }))).toEqual([])
  })

  test('another network is refused by its name', () => {
    const context = living({ cnis: ['calico'] })
    expect(found(preflightCluster, context)).toEqual(['error CNI'])
    expect(told(preflightCluster, context)).toContain('the network calico, the inventory says flannel')
  })

  test('another backend of the network is refused by its option, as are a port, an identifier and a size of blocks', () => {
    const network = { name: 'flannel', backend: 'host-gw' }
    const context = living({ network })
    expect(found(preflightCluster, context)).toEqual(['error CNIOption'])
    expect(told(preflightCluster, context)).toContain(
      'the network flannel of the living cluster has the backend host-gw, the inventory says vxlan',
    )
    expect(told(preflightCluster, context)).toContain('Set spec.cni.backend back to host-gw.')
    const other = { name: 'flannel', backend: 'vxlan', vni: '7', port: '4789' }
    expect(found(preflightCluster, living({ network: other }))).toEqual(['error CNIOption', 'error CNIOption'])
    const same = { ...other, vni: '1', port: '8472', nodeMtu: '1500' }
    expect(found(preflightCluster, living({ network: same }))).toEqual([])
  })

  test('a network of your own may be any, but takes the place of none that we installed', () => {
    const own = { ...cluster, cni: { name: 'none' } as const }
    expect(found(preflightCluster, { ...living({ cnis: ['cilium'] }), cluster: own })).toEqual([])
    const network = { name: 'flannel', backend: 'vxlan', vni: '1', port: '8472' }
    expect(found(preflightCluster, { ...living({ network }), cluster: own })).toEqual(['error CNI'])
  })

  test("another name for a node is refused on that node's host", () => {
    const renamed = [nodes[0] ?? nodeOf('cp1'), nodeOf('old-name', { internalIPs: ['10.89.5.12'] })]
    expect(found(preflightCluster, living({ nodes: renamed }))).toEqual([])
    expect(found(preflightCluster, onWorker({ nodes: renamed }))).toEqual(['error NodeName'])
  })

  test('is told once, not on every host', () => {
    expect(found(preflightCluster, onWorker({ living: { ...asInventory, dnsDomain: 'x.y' } }))).toEqual([])
  })

  test('is told by whatever host a limited run is for', () => {
    const different = { living: { ...asInventory, kubernetesVersion: '1.36.4' } }
    expect(found(preflightCluster, { ...onWorker(different), run: ['worker1'] })).toEqual(['error KubernetesVersion'])
    expect(found(preflightCluster, { ...living(different), run: ['cp2', 'w1'] })).toEqual([])
  })

  test('is no concern where the cluster is not ours', () => {
    const different = observedOf({
      exists: true,
      api: 'up',
      living: { ...asInventory, dnsDomain: 'x.y' },
      cnis: ['calico'],
    })
    const foreign = factsOf({ state: { cluster: { id: 'id-9', name: 'production' } } })
    expect(found(preflightCluster, contextOf({ facts: foreign, observed: different }))).toEqual([])
  })
})

describe('nodes', () => {
  test('that the inventory does not name are told, and left alone', () => {
    const context = living({ nodes: [...nodes, nodeOf('worker9', { internalIPs: ['10.89.5.19'] })] })
    expect(found(preflightCluster, context)).toEqual(['warning UnknownNode'])
    expect(told(preflightCluster, context)).toContain('the node worker9, which the inventory does not name')
  })

  test('with a kubelet of another version are refused on their host', () => {
    const old = [
      nodes[0] ?? nodeOf('cp1'),
      nodeOf('worker1', { internalIPs: ['10.89.5.12'], kubeletVersion: '1.36.4' }),
    ]
    expect(found(preflightCluster, onWorker({ nodes: old }))).toEqual(['error KubeletVersion'])
  })

  test('of a cluster with another version are not told one by one', () => {
    const context = onWorker({
      living: { ...asInventory, kubernetesVersion: '1.36.4' },
      nodes: [nodeOf('worker1', { kubeletVersion: '1.36.4' })],
    })
    expect(found(preflightCluster, context)).toEqual([])
  })
})

describe('authorities', () => {
  const ca = { certificate: 'PEM', certificateOn: ['cp1'], keyOn: ['cp1'], differsOn: [] }

  test('with certificate and key are used, whoever put them there', () => {
    expect(found(preflightCluster, contextOf({ observed: observedOf({ exists: true, authorities: { ca } }) }))).toEqual(
      [],
    )
  })

  test('without a key are refused with the path that is missing', () => {
    const observed = observedOf({ exists: true, authorities: { 'etcd/ca': { ...ca, keyOn: [] } } })
    expect(found(preflightCluster, contextOf({ observed }))).toEqual(['error ExternalCA'])
    expect(told(preflightCluster, contextOf({ observed }))).toContain('/etc/kubernetes/pki/etcd/ca.key')
  })

  test('that differ between control planes are two clusters', () => {
    const observed = observedOf({
      exists: true,
      authorities: { ca: { ...ca, certificateOn: ['cp1', 'cp2'], differsOn: ['cp2'] } },
    })
    expect(found(preflightCluster, contextOf({ observed }))).toEqual(['error Authority'])
  })
})

test('a cluster that does not answer is a warning', () => {
  expect(found(preflightCluster, living({ api: 'unknown', living: undefined, cnis: [] }))).toEqual(['warning API'])
})

/** A control plane that lives, with the members that its etcd knows. */
function controlPlane(host: string, ...names: readonly string[]): ObservedControlPlane {
  const etcdMembers = names.map((name) => ({ id: name, name, peerURLs: [`https://${name}:2380`], learner: false }))
  return { host, hasEtcdData: true, apiServer: 'up', etcdElsewhere: [], hasSuperAdmin: false, ledAt: 0, etcdMembers }
}

describe('several control planes', () => {
  const hosts = [1, 2, 3, 4].map((index) => hostOf({ name: `cp${index}` }))

  test('in an even number are accepted with a warning', () => {
    for (const [count, findings] of [
      [2, ['warning ControlPlanes']],
      [3, []],
      [4, ['warning ControlPlanes']],
    ] as const) {
      expect(found(preflightCluster, contextOf({ cluster: clusterOf({ hosts: hosts.slice(0, count) }) }))).toEqual(
        findings,
      )
    }
  })

  test('with different lists of etcd members are two clusters, and nothing is done to them', () => {
    const same = living({ controlPlanes: [controlPlane('cp1', 'cp1', 'cp2'), controlPlane('cp2', 'cp2', 'cp1')] })
    expect(found(preflightCluster, same)).toEqual([])
    const alone = living({ controlPlanes: [controlPlane('cp1', 'cp1'), controlPlane('cp2', 'cp1', 'cp2')] })
    expect(found(preflightCluster, alone)).toEqual(['error EtcdMembers'])
  })
})

function withEtcdHosts(...names: readonly string[]) {
  const etcdHosts = names.map((name) => etcdHostOf(name))
  return contextOf({ cluster: clusterOf({ hosts: [hostOf(), hostOf({ name: 'cp2' }), ...etcdHosts] }) })
}

test('of hosts of etcd an odd number is wanted, and of control planes beside them none', () => {
  expect(found(preflightCluster, withEtcdHosts('e1', 'e2', 'e3'))).toEqual([])
  expect(found(preflightCluster, withEtcdHosts('e1', 'e2'))).toEqual(['warning EtcdHosts'])
  expect(told(preflightCluster, withEtcdHosts('e1', 'e2'))).toContain(
    '2 hosts of etcd survive the loss of none of them',
  )
})
