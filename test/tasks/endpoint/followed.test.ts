import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Cluster } from '../../../src/inventory/cluster.ts'
import { kubeProxyInputs } from '../../../src/kubernetes/kube-proxy.ts'
import { objectName } from '../../../src/kubernetes/object.ts'
import { packageRoot } from '../../../src/package.ts'
import { endpointFollowed } from '../../../src/tasks/endpoint/followed.ts'
import { networkObjects } from '../../../src/tasks/network/objects.ts'
import { proofReady } from '../../../src/tasks/proof/ready.ts'
import { calicoOptions, clusterOf, contextOf, factsOf } from '../../support/facts.ts'

const controlPlaneEndpoint = { address: '127.0.0.1', port: 6443, provider: 'node-local', explicit: true } as const
const nodeLocal = clusterOf({ controlPlaneEndpoint })
const calico = clusterOf({ controlPlaneEndpoint, cni: calicoOptions })
const fleet = new Map([
  ['cp1', factsOf()],
  ['w1', factsOf({ nodeIP: '10.89.5.21' })],
])
const manifestOf = (name: string) => readFileSync(join(packageRoot, `test/golden/network/${name}.yaml`), 'utf8')
const manifests = new Map([
  ['flannel 0.28.4', manifestOf('flannel-0.28.4')],
  ['calico 3.28.5', manifestOf('calico-3.28.5')],
])
const contextIn = (cluster: Cluster) => contextOf({ cluster, fleet, manifests })

const proxy = ['kube-system', 'kube-proxy'] as const
const flannel = ['kube-flannel', 'kube-flannel-ds'] as const
const calicoNode = ['kube-system', 'calico-node'] as const

/** A line of the listing: a pod of a DaemonSet on a node, as the DaemonSet of this cluster makes it. */
function pod([namespace, owner]: readonly [string, string], node: string, of: Cluster): string {
  const inputs = owner === 'kube-proxy' ? kubeProxyInputs(of, { nodeIP: '10.89.5.11' }) : networkInputs(of)
  return `${[namespace, `${owner}-x`, 'Running', 'True', node, inputs, owner].join('\t')}\n`
}

function networkInputs(of: Cluster, name = ''): string {
  const pods = networkObjects(contextIn(of)).find((object) =>
    name === '' ? object.kind === 'DaemonSet' : objectName(object) === name,
  )
  return /"kubewright.dev\/inputs":"([^"]+)"/.exec(JSON.stringify(pods))?.[1] ?? ''
}

function waitsFor(output: string, cluster = nodeLocal): string | undefined {
  const [gate] = endpointFollowed.resources(contextIn(cluster))
  return gate?.compare(output)?.summary
}

test('kube-proxy and the network of each node that takes part follow the endpoint, as those do that are made already', () => {
  const ours = pod(proxy, 'cp1', nodeLocal) + pod(flannel, 'cp1', nodeLocal)
  expect(waitsFor(ours + pod(proxy, 'w1', nodeLocal) + pod(flannel, 'w1', nodeLocal))).toBeUndefined()
  const earlier = pod(proxy, 'w1', clusterOf()) + pod(flannel, 'w1', clusterOf())
  expect(waitsFor(ours + earlier)).toBe(
    'pods that ask the API by the endpoint: not made anew yet: kube-proxy on w1, kube-flannel-ds on w1',
  )
  expect(waitsFor(ours + pod(proxy, 'dead', clusterOf()))).toBeUndefined()
})

test('Calico on a node has found the endpoint when it started', () => {
  const earlier = clusterOf({ cni: calicoOptions })
  expect(waitsFor(pod(calicoNode, 'w1', calico), calico)).toBeUndefined()
  expect(waitsFor(pod(calicoNode, 'w1', earlier), calico)).toContain('calico-node on w1')
})

/** A line of the listing: a pod of Typha as its Deployment makes it. */
function typhaPod(of: Cluster, { phase = 'Running', ready = 'True', deleted = '' } = {}): string {
  const inputs = networkInputs(of, 'Deployment kube-system/calico-typha')
  const owner = ['calico-typha-7b9d', '7b9d']
  return `${['kube-system', 'calico-typha-7b9d-x', phase, ready, 'cp1', inputs, ...owner, deleted].join('\t')}\n`
}

test('Typha has found the endpoint when it started, too; a pod that has ended asks nobody', () => {
  const cni = { ...calicoOptions, typhaNodes: 1 }
  const [earlier, now] = [clusterOf({ cni }), clusterOf({ controlPlaneEndpoint, cni })]
  expect(waitsFor(typhaPod(now), now)).toBeUndefined()
  expect(waitsFor(typhaPod(earlier), now)).toContain('calico-typha on cp1')
  expect(waitsFor(typhaPod(earlier, { phase: 'Failed' }), now)).toBeUndefined()
})

test('nobody waits until a pod is ready that is on its way out', () => {
  const gate = proofReady.resources(contextIn(calico)).at(-1)
  expect(gate?.compare(typhaPod(calico, { ready: 'False' }))?.summary).toContain('calico-typha-7b9d-x')
  expect(gate?.compare(typhaPod(calico, { ready: 'False', deleted: '2026-10-01T12:00:00Z' }))).toBeUndefined()
})

test('without an endpoint pods of kube-proxy have no annotation', () => {
  expect(waitsFor(pod(proxy, 'w1', clusterOf()), clusterOf())).toBeUndefined()
  expect(waitsFor(pod(proxy, 'w1', nodeLocal), clusterOf())).toContain('kube-proxy on w1')
})

test('nobody is waited for where the inventory has neither kube-proxy nor a network', () => {
  const kubeProxy = { ...nodeLocal.kubeProxy, mode: 'none' } as const
  const cluster = clusterOf({ controlPlaneEndpoint, kubeProxy, cni: { name: 'none' } })
  expect(endpointFollowed.resources(contextIn(cluster))).toEqual([])
})

test('pods are listed once for all who wait for them', () => {
  const texts = [proofReady, endpointFollowed].map((task) => task.resources(contextIn(nodeLocal)).at(-1)?.probe.script)
  expect(texts[0]).toEqual(texts[1])
})
