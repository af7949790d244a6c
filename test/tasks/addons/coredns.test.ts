import { expect, test } from 'vitest'
import { coredns } from '../../../src/tasks/addons/coredns.ts'
import { clusterOf, contextOf, factsOf, hostOf, workerOf } from '../../support/facts.ts'

const hosts = [hostOf(), workerOf('w1', '192.0.2.21'), workerOf('w2', '192.0.2.22')]

/** What DNS still waits for when kubectl lists these nodes. */
function waitingFor(...nodes: readonly string[]): string | undefined {
  const fleet = new Map(hosts.map(({ name }) => [name, factsOf()]))
  const gate = coredns
    .resources(contextOf({ cluster: clusterOf({ hosts }), fleet }))
    .find(({ id }) => id.startsWith('gate:'))
  const output = ['2026-01-01T00:01:00Z', ...nodes.map((node) => node.replaceAll(' ', '\t')), ''].join('\n')
  return gate?.compare(gate.probe.parse(output))?.summary
}

test('cluster DNS waits until a worker is Ready', () => {
  expect(waitingFor()).toBe('cluster DNS: no worker is Ready yet')
  expect(waitingFor('cp1 True 2026-01-01T00:00:50Z')).toBe('cluster DNS: no worker is Ready yet')
})

test('cluster DNS waits for workers that have just joined, so that its replicas are spread', () => {
  const ready = 'w1 True 2026-01-01T00:00:50Z'
  expect(waitingFor(ready, 'w2 False 2026-01-01T00:00:50Z')).toBe('cluster DNS: not Ready yet: w2')
  expect(waitingFor(ready, 'w2 True 2026-01-01T00:00:50Z')).toBeUndefined()
})

test('cluster DNS does not wait for a worker that is lost', () => {
  expect(waitingFor('w1 True 2025-01-01T00:00:00Z', 'w2 Unknown 2025-01-01T00:00:00Z')).toBeUndefined()
})

test('cluster DNS waits for nobody where no worker takes part', () => {
  for (const cluster of [clusterOf({ hosts: [hostOf()] }), clusterOf({ hosts })]) {
    const alone = contextOf({ cluster, fleet: new Map([['cp1', factsOf()]]) })
    expect(coredns.resources(alone).filter(({ id }) => id.startsWith('gate:'))).toEqual([])
  }
})
