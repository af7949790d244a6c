import { expect, test } from 'vitest'
import { kubeProxyInputs } from '../../../src/kubernetes/kube-proxy.ts'
import { endpointFollowed } from '../../../src/tasks/endpoint/followed.ts'
import { clusterOf, contextOf, factsOf } from '../../support/facts.ts'

const controlPlaneEndpoint = { address: '127.0.0.1', port: 6443, provider: 'node-local', explicit: true } as const
const nodeLocal = clusterOf({ controlPlaneEndpoint })
const inputs = kubeProxyInputs(nodeLocal, { nodeIP: '10.89.5.11' })
const fleet = new Map([
  ['cp1', factsOf()],
  ['w1', factsOf({ nodeIP: '10.89.5.21' })],
])

function waitsFor(output: string, cluster = nodeLocal): string | undefined {
  const [gate] = endpointFollowed.resources(contextOf({ cluster, fleet }))
  return gate?.compare(output)?.summary
}

test('kube-proxy of each node that takes part follows the endpoint, one that is made already does', () => {
  expect(waitsFor(`cp1 ${inputs}\nw1 ${inputs}\n`)).toBeUndefined()
  expect(waitsFor(`cp1 ${inputs}\nw1 \n`)).toBe('kube-proxy: asks an earlier endpoint yet on w1')
  expect(waitsFor(`w1 ${inputs}\ndead \n`)).toBeUndefined()
})

test('without an endpoint its pods have no annotation', () => {
  expect(waitsFor('cp1 \nw1 \n', clusterOf())).toBeUndefined()
  expect(waitsFor(`cp1 \nw1 ${inputs}\n`, clusterOf())).toBe('kube-proxy: asks an earlier endpoint yet on w1')
})
