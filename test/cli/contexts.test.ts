import { expect, test } from 'vitest'
import { contextsOf } from '../../src/cli/contexts.ts'
import { proofReady } from '../../src/tasks/proof/ready.ts'
import { clusterOf, completeArtifacts, factsOf, hostOf, observedOf, workerOf } from '../support/facts.ts'

const cluster = clusterOf({
  hosts: [workerOf('w1', '10.89.5.21'), ...['cp1', 'cp2', 'cp3'].map((name) => hostOf({ name }))],
})
// Control planes are read whatever the limit is.
const facts = new Map(cluster.hosts.map(({ name }) => [name, factsOf({ hostname: name })] as const))

async function contextWith(limit: readonly string[], name: string) {
  const read = { cluster, facts, observed: observedOf(), artifacts: completeArtifacts, deep: false, installs: false }
  const context = (await contextsOf({ ...read, limit })).get(name)
  if (context === undefined) throw new Error(`there is no context of ${name}`)
  return context
}

test('a run is for all hosts, control planes first, or for those of its limit', async () => {
  expect((await contextWith([], 'w1')).run).toEqual(['cp1', 'cp2', 'cp3', 'w1'])
  expect((await contextWith(['w1', 'cp2'], 'cp2')).run).toEqual(['cp2', 'w1'])
})

test('a limited run does not wait for control planes that it leaves out', async () => {
  const nodesOf = (context: Awaited<ReturnType<typeof contextWith>>) =>
    proofReady.resources(context).find(({ id }) => id === 'gate:nodes')
  const listed = '2026-01-01T00:01:00Z\ncp1\tTrue\t2026-01-01T00:00:00Z\t\t\n'
  expect(nodesOf(await contextWith(['cp1'], 'cp1'))?.compare(listed)).toBeUndefined()
  expect(nodesOf(await contextWith([], 'cp1'))?.compare(listed)?.summary).toBe('nodes: not Ready yet: cp2, cp3, w1')
})
