import { expect, test } from 'vitest'
import type { Survey } from '../../../src/host/facts.ts'
import type { Cni } from '../../../src/inventory/cluster.ts'
import { preflightNetwork } from '../../../src/tasks/preflight/network.ts'
import { calicoOptions, clusterOf, contextOf, factsOf } from '../../support/facts.ts'
import { found, told } from './findings.ts'

const flannel = { name: 'flannel', backend: 'vxlan', mtu: undefined, vni: 1, port: 8472 } as const
const wireguard = { ...flannel, backend: 'wireguard' } as const

function having(port: number, cni: Cni, more: Partial<Survey> = {}) {
  const survey = { datagrams: [{ address: '0.0.0.0', port, process: undefined }], ...more }
  return contextOf({ cluster: clusterOf({ cni }), facts: factsOf({ survey }) })
}

test("a VPN on WireGuard's usual port is refused where Flannel needs it", () => {
  const context = having(51_820, wireguard)
  expect(found(preflightNetwork, context)).toEqual(['error Port-51820'])
  expect(told(preflightNetwork, context)).toContain(
    'UDP port 51820, which Flannel needs between the nodes, is taken by',
  )
  expect(found(preflightNetwork, having(51_820, flannel))).toEqual([])
  // It is the port for IPv6.
  expect(found(preflightNetwork, having(51_821, wireguard))).toEqual([])
})

test('a process on the port of the VXLAN is refused by its name', () => {
  const datagrams = [{ address: '0.0.0.0', port: 4789, process: 'dnsmasq' }]
  const context = having(4789, calicoOptions, { datagrams })
  expect(found(preflightNetwork, context)).toEqual(['error Port-4789'])
  expect(told(preflightNetwork, context)).toContain('is taken by the process dnsmasq')
  expect(found(preflightNetwork, having(4789, { ...calicoOptions, encapsulation: 'ipip' }))).toEqual([])
})

test("the network's own tunnel has its port by right, and another VXLAN has a finding of its own", () => {
  expect(found(preflightNetwork, having(8472, flannel, { links: ['lo', 'eth0', 'flannel.1'] }))).not.toContain(
    'error Port-8472',
  )
  const vxlans = [{ interface: 'vxlan7', vni: 7, port: 8472 }]
  expect(found(preflightNetwork, having(8472, flannel, { vxlans }))).toEqual(['warning VXLAN'])
})
