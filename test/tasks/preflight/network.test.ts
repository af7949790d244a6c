import { describe, expect, test } from 'vitest'
import type { ListeningPort } from '../../../src/host/facts.ts'
import type { Cluster, Cni } from '../../../src/inventory/cluster.ts'
import { preflightNetwork } from '../../../src/tasks/preflight/network.ts'
import {
  calicoOptions,
  clusterOf,
  contextOf,
  factsOf,
  hostOf,
  workerOf,
  type FactsOverrides,
} from '../../support/facts.ts'
import { onHost } from '../../support/etcd-hosts.ts'
import { found, own, told } from './findings.ts'

function on(facts: FactsOverrides, cluster: Partial<Cluster> = {}) {
  return contextOf({ cluster: clusterOf(cluster), facts: factsOf(facts) })
}

const flannel = { name: 'flannel', backend: 'vxlan', mtu: undefined, vni: 1, port: 8472 } as const

test('a good host has no finding', () => {
  expect(found(preflightNetwork, contextOf())).toEqual([])
})

describe("the node's address", () => {
  const addresses = [{ interface: 'eth0', address: '10.89.5.20', prefix: 24, mac: '', lasting: true }]

  test('must be on the host', () => {
    const context = on({ nodeIP: '10.89.5.11', addresses })
    expect(found(preflightNetwork, context)).toEqual(['error NodeIP'])
    expect(told(preflightNetwork, context)).toContain('10.89.5.11 is not on this host, which has 10.89.5.20')
  })

  test('must be known', () => {
    expect(found(preflightNetwork, on({ nodeIP: '', addresses }))).toEqual(['error NodeIP'])
  })

  test('is not judged where no address of the host is known', () => {
    expect(found(preflightNetwork, on({ addresses: [] }))).toEqual([])
  })

  test('must be of the family of the pod subnet', () => {
    const networking = { ...clusterOf().networking, podSubnets: ['fd00:10::/48'] }
    expect(found(preflightNetwork, on({}, { networking }))).toEqual(['error NodeIPFamily'])
  })

  test('is on the interface of the inventory, which must be there', () => {
    const missing = contextOf({ host: hostOf({ interface: 'eth9' }) })
    expect(found(preflightNetwork, missing)).toEqual(['error NodeInterface'])
    const facts = factsOf({ survey: { links: ['lo', 'eth0', 'eth1'] } })
    const other = contextOf({ host: hostOf({ interface: 'eth1' }), facts })
    expect(found(preflightNetwork, other)).toEqual(['warning NodeInterface'])
  })
})

function route(destination: string, via = 'eth1') {
  return { routes: [{ destination, interface: via }] }
}

describe('subnets of the cluster', () => {
  test('must not be networks of the host', () => {
    const context = on(route('10.244.8.0/24'))
    expect(found(preflightNetwork, context)).toEqual(['error SubnetOverlap'])
    expect(told(preflightNetwork, context)).toContain('the pod subnet 10.244.0.0/16 overlaps 10.244.8.0/24 (eth1)')
    expect(told(preflightNetwork, on(route('10.100.0.1')))).toContain(
      'the service subnet 10.96.0.0/12 overlaps 10.100.0.1/32',
    )
  })

  test('must not hold the address of the node', () => {
    const networking = { ...clusterOf().networking, podSubnets: ['10.89.0.0/16'] }
    expect(found(preflightNetwork, on({ routes: [] }, { networking }))).toEqual(['error SubnetOverlap'])
  })

  test('may be routed by the network of the cluster itself', () => {
    expect(found(preflightNetwork, on(route('10.244.1.0/24', 'flannel.1')))).toEqual([])
    expect(found(preflightNetwork, on(route('10.244.0.0/24', 'cni0')))).toEqual([])
  })

  test('are routed over the network of the nodes where the backend is host-gw, on hosts of ours', () => {
    const state = { cluster: own }
    expect(found(preflightNetwork, on({ ...route('10.244.1.0/24', 'eth0'), state }))).toEqual([])
    expect(found(preflightNetwork, on({ ...route('10.0.0.0/8', 'eth0'), state }))).toContain('error SubnetOverlap')
  })

  test('do not collide with a default route', () => {
    expect(found(preflightNetwork, on(route('default')))).toEqual([])
  })
})

function listening(port: number, process: string, address = '0.0.0.0'): readonly ListeningPort[] {
  return [{ address, port, process }]
}

describe('ports', () => {
  test.each([6443, 2379, 2380, 10250, 10256, 10257, 10259])('%i must be free on a control plane', (port) => {
    expect(found(preflightNetwork, on({ survey: { listening: listening(port, 'nc') } }))).toEqual([
      `error Port-${port}`,
    ])
  })

  test('are told with the process that has them', () => {
    const context = on({ survey: { listening: listening(6443, 'haproxy') } })
    expect(told(preflightNetwork, context)).toContain(
      'port 6443, which the API server needs, is taken by the process haproxy on 0.0.0.0',
    )
  })

  test('of the control plane may be taken on a worker', () => {
    const host = workerOf('worker1', '10.89.5.12')
    const withPort = (port: number) =>
      contextOf({ host, facts: factsOf({ survey: { listening: listening(port, 'haproxy') } }) })
    expect(found(preflightNetwork, withPort(6443))).toEqual([])
    expect(found(preflightNetwork, withPort(10250))).toEqual(['error Port-10250'])
  })

  test('of our own running cluster are its own', () => {
    const ports = [...listening(6443, 'kube-apiserver', '::'), ...listening(10257, 'kube-controller', '127.0.0.1')]
    expect(found(preflightNetwork, on({ survey: { listening: ports }, state: { cluster: own } }))).toEqual([])
  })

  test('taken by somebody else on a host of ours are refused all the same', () => {
    const context = on({ survey: { listening: listening(6443, 'haproxy') }, state: { cluster: own } })
    expect(found(preflightNetwork, context)).toEqual(['error Port-6443'])
  })

  test('do not collide on an address that is not ours', () => {
    expect(found(preflightNetwork, on({ survey: { listening: listening(2379, 'etcd', '172.17.0.1') } }))).toEqual([])
    expect(found(preflightNetwork, on({ survey: { listening: listening(2379, 'etcd', '10.89.5.11') } }))).toEqual([
      'error Port-2379',
    ])
  })

  test('that only old versions used are not looked at', () => {
    const old = [...listening(10251, 'nc'), ...listening(10252, 'nc'), ...listening(8080, 'nc')]
    expect(found(preflightNetwork, on({ survey: { listening: old } }))).toEqual([])
  })
})

function vxlan(vni: number, port: number, name = 'vxlan7') {
  return { survey: { vxlans: [{ interface: name, vni, port }] } }
}

describe('another VXLAN', () => {
  test('with identifier and port of ours is refused', () => {
    expect(found(preflightNetwork, on(vxlan(1, 8472)))).toEqual(['error VXLAN'])
  })

  test('with our port alone is a warning', () => {
    expect(found(preflightNetwork, on(vxlan(7, 8472)))).toEqual(['warning VXLAN'])
  })

  test('with another port, or of Flannel itself, is none', () => {
    expect(found(preflightNetwork, on(vxlan(1, 4789)))).toEqual([])
    expect(found(preflightNetwork, on(vxlan(1, 8472, 'flannel.1')))).toEqual([])
  })
})

test('a VXLAN of others is judged by the port and identifier of the wanted network', () => {
  const cluster = clusterOf({ cni: calicoOptions })
  const there = (vni: number, port: number, name?: string) => ({ ...on(vxlan(vni, port, name)), cluster })
  expect(told(preflightNetwork, there(4096, 4789))).toContain("as Calico's would be")
  expect(found(preflightNetwork, there(7, 4789))).toEqual(['warning VXLAN'])
  expect(found(preflightNetwork, there(4096, 4789, 'vxlan.calico'))).toEqual([])
  expect(found(preflightNetwork, there(1, 8472))).toEqual([])
})

/** Two hosts whose node addresses are in different networks. */
function acrossNetworks(cni: Cni) {
  const fleet = new Map([
    ['cp1', factsOf()],
    ['worker1', factsOf({ nodeIP: '10.89.6.12' })],
  ])
  const cluster = clusterOf({ cni, hosts: [hostOf(), workerOf('worker1', '10.89.6.12')] })
  return contextOf({ cluster, fleet, facts: factsOf() })
}

test('without encapsulation Calico needs all nodes in one network, too', () => {
  const context = acrossNetworks({ ...calicoOptions, encapsulation: 'none' })
  expect(found(preflightNetwork, context)).toEqual(['error HostGateway'])
  expect(told(preflightNetwork, context)).toContain('Set cni.encapsulation to vxlan')
})

test('host-gw needs all nodes in one network', () => {
  const context = acrossNetworks({ ...flannel, backend: 'host-gw' })
  expect(found(preflightNetwork, context)).toEqual(['error HostGateway'])
  expect(told(preflightNetwork, context)).toContain('worker1 (10.89.6.12) is outside of 10.89.5.11/24')
})

describe('nameservers', () => {
  test('on a loopback address would make CoreDNS ask itself', () => {
    const context = on({ survey: { nameservers: ['127.0.0.53'] } })
    expect(found(preflightNetwork, context)).toEqual(['error ResolvConf'])
    expect(told(preflightNetwork, context)).toContain('/etc/resolv.conf names the loopback nameserver 127.0.0.53')
  })

  test('are not judged where the inventory gives the kubelet another file', () => {
    const host = hostOf({
      kubelet: { config: { resolvConf: '/etc/kubernetes/resolv.conf' }, extraArgs: [], patches: [] },
    })
    const facts = factsOf({ survey: { nameservers: ['127.0.0.53'] } })
    expect(found(preflightNetwork, contextOf({ host, facts }))).toEqual([])
  })

  test('are missed with a warning', () => {
    expect(found(preflightNetwork, on({ survey: { nameservers: [] } }))).toEqual(['warning ResolvConf'])
    expect(found(preflightNetwork, on({ survey: { nameservers: undefined } }))).toEqual([])
  })
})

test('a firewall that is left alone is a warning', () => {
  const firewalld = { active: 'active', enabled: 'enabled', fragment: '' }
  const facts = factsOf({ survey: { units: { firewalld } } })
  expect(found(preflightNetwork, contextOf({ host: hostOf({ firewall: 'leave' }), facts }))).toEqual([
    'warning Firewalld',
  ])
  expect(found(preflightNetwork, contextOf({ facts }))).toEqual([])
})

test('a host of etcd needs the ports of etcd, and no others', () => {
  const taken = [2379, 2380, 6443, 10_250, 10_256].map((port) => ({ address: '0.0.0.0', port, process: 'other' }))
  const context = onHost('e1', { facts: { survey: { listening: taken, nameservers: ['127.0.0.53'] } } })
  expect(found(preflightNetwork, context)).toEqual(['error Port-2379', 'error Port-2380'])
})
