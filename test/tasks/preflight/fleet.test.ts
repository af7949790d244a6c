import { describe, expect, test } from 'vitest'
import type { Facts } from '../../../src/host/facts.ts'
import { preflightFleet } from '../../../src/tasks/preflight/fleet.ts'
import { clusterOf, contextOf, factsOf, hostOf, workerOf, type FactsOverrides } from '../../support/facts.ts'
import { found, told } from './findings.ts'

const cluster = clusterOf({
  hosts: [hostOf(), workerOf('worker1', '10.89.5.12'), workerOf('worker2', '10.89.5.13')],
})

/** The context of one host among `cp1`, `worker1` and `worker2` with these facts. */
function among(name: string, overrides: Readonly<Record<string, FactsOverrides>>) {
  const fleet = new Map(
    cluster.hosts.map((host): [string, Facts] => [
      host.name,
      factsOf({ hostname: host.name, nodeIP: host.ssh.address, ...overrides[host.name] }),
    ]),
  )
  const host = cluster.hosts.find((one) => one.name === name) ?? hostOf()
  return contextOf({ cluster, host, fleet, facts: fleet.get(name) ?? factsOf() })
}

function foundOn(name: string, overrides: Readonly<Record<string, FactsOverrides>>) {
  return found(preflightFleet, among(name, overrides))
}

test('different hosts have no finding', () => {
  expect(cluster.hosts.flatMap(({ name }) => foundOn(name, {}))).toEqual([])
})

function address(ip: string) {
  return [{ interface: 'eth0', address: ip, prefix: 24, mac: '02:00', lasting: true }]
}

describe('one of a kind', () => {
  test('two hosts with one host name are told on the later one', () => {
    const same = { cp1: { hostname: 'debian' }, worker1: { hostname: 'debian' } }
    expect(foundOn('cp1', same)).toEqual([])
    expect(foundOn('worker1', same)).toEqual(['error Hostname'])
    expect(told(preflightFleet, among('worker1', same))).toContain('the host is called debian, like cp1')
  })

  test('a host that is called like another node of the inventory is refused', () => {
    expect(foundOn('cp1', { cp1: { hostname: 'worker2' }, worker2: { hostname: 'x' } })).toEqual(['error Hostname'])
  })

  test('a host name that is not the name of the node is fine', () => {
    expect(foundOn('cp1', { cp1: { hostname: 'ip-10-89-5-11' } })).toEqual([])
  })

  test('two hosts with one machine id are refused', () => {
    expect(
      foundOn('worker2', { cp1: { machineId: 'a' }, worker1: { machineId: 'a' }, worker2: { machineId: 'a' } }),
    ).toEqual(['error MachineID'])
  })

  test('machine ids that are not known are not the same', () => {
    expect(foundOn('worker1', { cp1: { machineId: '' }, worker1: { machineId: '' } })).toEqual([])
  })

  test('two hosts with one product UUID are a warning', () => {
    expect(foundOn('worker1', { cp1: { productUuid: 'u' }, worker1: { productUuid: 'u' } })).toEqual([
      'warning ProductUUID',
    ])
  })

  test('two hosts with one MAC address are a warning', () => {
    const same = { cp1: { addresses: address('10.89.5.11') }, worker1: { addresses: address('10.89.5.12') } }
    expect(foundOn('worker1', same)).toEqual(['warning MACAddress'])
  })

  test('two hosts with one node IP are refused with the other addresses they have', () => {
    const addresses = [
      { interface: 'eth0', address: '10.0.2.15', prefix: 24, mac: '02:01', lasting: true },
      { interface: 'eth1', address: '192.168.56.12', prefix: 24, mac: '02:02', lasting: true },
    ]
    const same = {
      cp1: { nodeIP: '10.0.2.15', machineId: 'a' },
      worker1: { nodeIP: '10.0.2.15', machineId: 'b', addresses },
    }
    expect(foundOn('worker1', same)).toEqual(['error NodeIP'])
    expect(told(preflightFleet, among('worker1', same))).toMatch(/10\.0\.2\.15 is also that of cp1[^]*192\.168\.56\.12/)
  })
})

describe('clocks', () => {
  test('that agree within two seconds are fine', () => {
    expect(foundOn('worker1', { worker1: { clockOffset: 1.9 } })).toEqual([])
  })

  test('that differ by two seconds are a warning, by ten an error', () => {
    expect(foundOn('worker1', { worker1: { clockOffset: 2.5 } })).toEqual(['warning ClockSkew'])
    expect(foundOn('worker1', { worker1: { clockOffset: -10 } })).toEqual(['error ClockSkew'])
  })

  test('that are ten minutes off are told once, on the host that is wrong', () => {
    const wrong = { cp1: { clockOffset: 600 } }
    expect(foundOn('cp1', wrong)).toEqual(['error ClockSkew'])
    expect(told(preflightFleet, among('cp1', wrong))).toContain('10 min 0 s ahead of that of worker')
    expect([...foundOn('worker1', wrong), ...foundOn('worker2', wrong)]).toEqual([])
  })

  test('that all differ from this machine alike are a warning', () => {
    const late = { cp1: { clockOffset: 30 }, worker1: { clockOffset: 30 }, worker2: { clockOffset: 30 } }
    expect(foundOn('worker1', late)).toEqual(['warning ClockSkew'])
  })

  test('that are so far behind this machine that certificates are not valid yet are refused', () => {
    const slow = { cp1: { clockOffset: -600 }, worker1: { clockOffset: -600 }, worker2: { clockOffset: -600 } }
    expect(foundOn('cp1', slow)).toEqual(['error ClockSkew'])
    expect(told(preflightFleet, among('cp1', slow))).toContain(
      '10 min 0 s behind that of this machine, so that certificates',
    )
  })
})
