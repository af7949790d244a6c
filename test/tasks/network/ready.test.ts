import { expect, test } from 'vitest'
import type { Cni } from '../../../src/inventory/cluster.ts'
import { networkReady } from '../../../src/tasks/network/ready.ts'
import { calicoOptions, clusterOf, contextOf } from '../../support/facts.ts'
import { sandboxHost } from '../../support/sandbox-host.ts'

function gateOf(cni?: Cni) {
  const [gate] = networkReady.resources(contextOf({ cluster: clusterOf(cni === undefined ? {} : { cni }) }))
  if (gate === undefined) throw new Error('there is no gate')
  return gate
}

test('a node has its network when Flannel has written what its plugin reads', async () => {
  const host = sandboxHost()
  const gate = gateOf()
  const summary = async () => gate.compare((await host.target.probe([gate])).get(gate.id))?.summary
  expect(await summary()).toBe('network of the node: Flannel has not written /run/flannel/subnet.env yet')
  host.write('/run/flannel/subnet.env', 'FLANNEL_NETWORK=10.244.0.0/16')
  expect(await summary()).toBeUndefined()
})

test('a node has its network when Felix says that it is ready', () => {
  const gate = gateOf(calicoOptions)
  const missing = 'network of the node: Calico is not ready yet'
  expect(gate.compare('')?.summary).toBe(missing)
  expect(gate.compare('HTTP/1.0 503 Service Unavailable\r\n')?.summary).toBe(missing)
  expect(gate.compare('HTTP/1.0 200 OK\r\n')).toBeUndefined()
})

test('a network that somebody else brings is not waited for', () => {
  expect(networkReady.resources(contextOf({ cluster: clusterOf({ cni: { name: 'none' } }) }))).toEqual([])
})
