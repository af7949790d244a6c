import { expect, test } from 'vitest'
import type { Cluster } from '../../src/inventory/cluster.ts'
import { inputsAnnotation } from '../../src/kubernetes/inputs.ts'
import { kubeProxyInputs, kubeProxyObjects } from '../../src/kubernetes/kube-proxy.ts'
import { clusterOf } from '../support/facts.ts'

const view = { nodeIP: '10.89.5.11' }
const endpoint = { port: 6443, explicit: true } as const
const nodeLocal = { ...endpoint, address: '127.0.0.1', provider: 'node-local' } as const

function withEndpoint(controlPlaneEndpoint: Cluster['controlPlaneEndpoint']): Cluster {
  return clusterOf({ controlPlaneEndpoint })
}

function daemonSet(cluster: Cluster) {
  return kubeProxyObjects(cluster, view).find(({ kind }) => kind === 'DaemonSet')
}

test('an endpoint that is chosen, changed or left makes new pods, which read their kubeconfig once', () => {
  const clusters = [
    clusterOf(),
    withEndpoint(nodeLocal),
    withEndpoint({ ...endpoint, address: 'api.example.com', provider: 'external' }),
    withEndpoint({ ...endpoint, address: 'other.example.com', provider: 'external' }),
  ]
  expect(new Set(clusters.map((cluster) => kubeProxyInputs(cluster, view))).size).toBe(4)
  const annotations = { [inputsAnnotation]: kubeProxyInputs(withEndpoint(nodeLocal), view) }
  expect(daemonSet(withEndpoint(nodeLocal))).toMatchObject({ spec: { template: { metadata: { annotations } } } })
})

test('without an endpoint the pods are as kubeadm makes them', () => {
  expect(JSON.stringify(daemonSet(clusterOf()))).not.toContain(inputsAnnotation)
})
