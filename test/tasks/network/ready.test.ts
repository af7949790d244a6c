import { expect, test } from 'vitest'
import { networkReady } from '../../../src/tasks/network/ready.ts'
import { calicoOptions, clusterOf, contextOf } from '../../support/facts.ts'
import { sandboxHost } from '../../support/sandbox-host.ts'

test.each([
  ['Flannel', clusterOf(), '/run/flannel/subnet.env'],
  ['Calico', clusterOf({ cni: calicoOptions }), '/var/lib/calico/nodename'],
])('a node has its network when %s has written what its plugin reads', async (title, cluster, file) => {
  const host = sandboxHost()
  const [gate] = networkReady.resources(contextOf({ cluster }))
  const summary = async () => gate?.compare((await host.target.probe([gate])).get(gate.id))?.summary
  expect(await summary()).toBe(`network of the node: ${title} has not written ${file} yet`)
  host.write(file, 'w1')
  expect(await summary()).toBeUndefined()
})

test('a network that somebody else brings is not waited for', () => {
  expect(networkReady.resources(contextOf({ cluster: clusterOf({ cni: { name: 'none' } }) }))).toEqual([])
})
