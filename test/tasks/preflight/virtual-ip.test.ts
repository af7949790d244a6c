import { describe, expect, test } from 'vitest'
import type { Facts } from '../../../src/host/facts.ts'
import { keepalivedConfiguration } from '../../../src/kubernetes/keepalived.ts'
import type { Context } from '../../../src/tasks/context.ts'
import { preflightEndpoint } from '../../../src/tasks/preflight/endpoint.ts'
import { preflightNetwork } from '../../../src/tasks/preflight/network.ts'
import { clusterOf, contextOf, factsOf, hostOf, workerOf, type FactsOverrides } from '../../support/facts.ts'
import { planTasks } from '../../support/run-task.ts'
import { sandboxHost } from '../../support/sandbox-host.ts'
import { found } from './findings.ts'

const address = '10.89.5.100'
const controlPlaneEndpoint = { address, port: 6443, provider: 'virtual-ip', explicit: true } as const
const hosts = [hostOf(), hostOf({ name: 'cp2' }), workerOf('w1', '10.89.5.21')]
const cluster = clusterOf({ controlPlaneEndpoint, hosts })
const held = { installed: { '/etc/keepalived/kubewright.conf': { sha256: '', stat: '', name: 'file' } } }

function addressesOf(mac: string, ...all: readonly string[]): Facts['addresses'] {
  return all.map((one) => {
    const [own = '', prefix] = one.split('/')
    return { interface: 'eth0', address: own, prefix: Number(prefix), mac, lasting: true }
  })
}

/** cp1 in a run for these hosts, with another control plane that has these facts. */
function context(other: FactsOverrides = {}, own: FactsOverrides = {}, run = ['cp1', 'cp2', 'w1']): Context {
  const addresses = addressesOf('02:00:00:00:00:01', '10.89.5.11/24')
  const facts = factsOf({ nodeIP: '10.89.5.11', addresses, ...own })
  const second = factsOf({
    nodeIP: '10.89.5.12',
    addresses: addressesOf('02:00:00:00:00:02', '10.89.5.12/24'),
    ...other,
  })
  return {
    ...contextOf({ cluster, facts, host: hosts[0]! }),
    run,
    fleet: new Map([
      ['cp1', facts],
      ['cp2', second],
    ]),
  }
}

function ids(one: Context): readonly string[] {
  return preflightEndpoint.resources(one).map(({ id }) => id)
}

function inUse(one: Context, output: string): readonly string[] {
  const resource = preflightEndpoint.resources(one).find(({ id }) => id === 'preflight:AddressInUse')
  return (resource?.examine?.(resource.probe.parse(output)) ?? []).map(({ message }) => message)
}

/** What is found of a change where control planes hold this address. */
async function changed(one: Context, present: string): Promise<readonly string[]> {
  const host = sandboxHost()
  const before = clusterOf({ controlPlaneEndpoint: { ...controlPlaneEndpoint, address: present } })
  const view = { name: 'cp1', nodeIP: '10.89.5.11', interface: 'eth0', place: 0, peers: [] }
  host.write('/etc/keepalived/kubewright.conf', keepalivedConfiguration(before, view))
  const { findings } = await planTasks(host, preflightEndpoint, one)
  return findings.map(({ finding }) => finding.check).filter((id) => id === 'VirtualIPChange')
}

/** What is found in a run for cp1 alone, while cp2 has the address. */
function limited(other: FactsOverrides, own: FactsOverrides = {}): readonly string[] {
  const one = context({ ...other, addresses: addressesOf('', `${address}/32`) }, own, ['cp1'])
  const peers = preflightEndpoint.resources(one).find(({ id }) => id === 'preflight:VirtualIPPeers')
  return (peers?.examine?.(undefined) ?? []).map(({ severity, check }) => `${severity} ${check}`)
}

describe('the virtual address', () => {
  test('is in a network of the interface that shall have it', () => {
    expect(found(preflightNetwork, context())).not.toContain('error VirtualIP')
    const far = addressesOf('02:00:00:00:00:01', '10.89.6.11/24', `${address}/32`)
    expect(found(preflightNetwork, context({}, { addresses: far, nodeIP: '10.89.6.11' }))).toContain('error VirtualIP')
    const second = addressesOf('02:00:00:00:00:01', '10.89.6.11/24', '10.89.5.11/24')
    expect(found(preflightNetwork, context({}, { addresses: second }))).not.toContain('error VirtualIP')
  })

  test('is nobody’s yet, whether who has it answers pings or not', () => {
    expect(inUse(context(), '')).toEqual([])
    expect(inUse(context(), 'answers\n')).toHaveLength(1)
    expect(inUse(context(), `${address} lladdr 02:00:00:00:00:99 REACHABLE\n`)[0]).toContain('02:00:00:00:00:99')
  })

  test('may have been a host’s of the cluster a moment ago', () => {
    expect(inUse(context(), `${address} lladdr 02:00:00:00:00:02 REACHABLE\n`)).toEqual([])
  })

  test('is asked for by one host, and only while no host of the cluster has it, or could have it', () => {
    expect(ids(context())).toContain('preflight:AddressInUse')
    expect(ids({ ...context(), host: hosts[1]! })).not.toContain('preflight:AddressInUse')
    const holder = addressesOf('02:00:00:00:00:02', '10.89.5.12/24', `${address}/32`)
    expect(ids(context({ addresses: holder }))).not.toContain('preflight:AddressInUse')
    const alone = context()
    expect(ids({ ...alone, fleet: new Map([['cp1', alone.facts]]) })).not.toContain('preflight:AddressInUse')
  })
})

describe('another virtual address', () => {
  test('would cut workers off, so it is refused with the way that there is', async () => {
    const holding = context({}, { state: held })
    expect(await changed(holding, address)).toEqual([])
    expect(await changed(holding, '10.89.5.99')).toEqual(['VirtualIPChange'])
  })

  test('is nothing to a cluster without workers, nor is a first one to anybody', async () => {
    const alone = { ...context({}, { state: held }), cluster: { ...cluster, hosts: hosts.slice(0, 2) } }
    expect(await changed(alone, '10.89.5.99')).toEqual([])
    expect(ids(context())).not.toContain('preflight:VirtualIPChange')
  })
})

describe('with --limit', () => {
  test('no control plane comes to hold the address of which those that hold it are not told', () => {
    expect(limited({ state: held })).toEqual(['error VirtualIPPeers'])
  })

  test('one that holds it already goes on, as does one beside which nobody does', () => {
    expect(limited({ state: held }, { state: held })).toEqual([])
    expect(limited({})).toEqual([])
  })
})
