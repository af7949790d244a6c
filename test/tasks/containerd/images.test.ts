import { afterAll, beforeEach, expect, test } from 'vitest'
import {
  addonImages,
  apiServerImages,
  containerdImages,
  controllerImages,
  remainingImages,
} from '../../../src/tasks/containerd/images.ts'
import type { Cluster } from '../../../src/inventory/cluster.ts'
import { calicoOptions, clusterOf, contextOf, hostOf, workerOf } from '../../support/facts.ts'
import { etcdHostOf } from '../../support/etcd-hosts.ts'
import { applyTasks, listed, planTasks } from '../../support/run-task.ts'
import { sandboxHost, type SandboxHost } from '../../support/sandbox-host.ts'
import { removeArtifacts, smallBundle } from './fixtures.ts'

afterAll(removeArtifacts)

const artifacts = smallBundle()
const workerImages = [containerdImages, addonImages]
const worker = workerOf('cp1', '10.89.5.11')
let host: SandboxHost

beforeEach(() => {
  host = sandboxHost()
  host.write('/fake/units/containerd.service/active', 'active')
})

test('a worker gets a worker’s images only, and they are imported once', async () => {
  const context = contextOf({ artifacts, host: worker })
  const expected = [
    'create image:registry.k8s.io/pause:3.10.2',
    'create image:registry.k8s.io/kube-proxy:v1.37.1',
    'create image:ghcr.io/flannel-io/flannel:v0.28.4',
    'create image:ghcr.io/flannel-io/flannel-cni-plugin:v1.9.1-flannel1',
    'create image:registry.k8s.io/coredns/coredns:v1.14.6',
  ]
  expect(listed(await planTasks(host, workerImages, context))).toEqual(expected)
  await applyTasks(host, workerImages, context)
  expect(listed(await planTasks(host, workerImages, context))).toEqual([])
  expect(listed(await planTasks(host, remainingImages, context))).toEqual([
    'create image:registry.k8s.io/e2e-test-images/agnhost:2.66.1',
  ])
})

test('Calico’s images come in place of Flannel’s, and none of a network of your own', async () => {
  expect(await imagesOfWorker({ cni: calicoOptions })).toEqual([
    'pause:3.10.2',
    'kube-proxy:v1.37.1',
    'node:v3.28.5',
    'cni:v3.28.5',
    'coredns:v1.14.6',
  ])
  const kubeProxy = { mode: 'none', config: {}, patches: [] } as const
  expect(await imagesOfWorker({ cni: { name: 'none' }, kubeProxy })).toEqual(['pause:3.10.2', 'coredns:v1.14.6'])
})

test('Calico’s controllers have their image where they run, on control planes', async () => {
  const plan = await planTasks(host, addonImages, contextOf({ artifacts, cluster: clusterOf({ cni: calicoOptions }) }))
  expect(listed(plan)).toEqual([
    'create image:docker.io/calico/kube-controllers:v3.28.5',
    'create image:registry.k8s.io/coredns/coredns:v1.14.6',
  ])
})

test('a worker with a proxy to the control planes gets its image among the first', async () => {
  const controlPlaneEndpoint = { address: '127.0.0.1', port: 6443, provider: 'node-local', explicit: true } as const
  const cluster = clusterOf({ controlPlaneEndpoint, hosts: [hostOf(), worker] })
  const proxied = listed(await planTasks(host, workerImages, contextOf({ artifacts, cluster, host: worker })))
  expect(proxied[1]).toBe('create image:docker.io/library/haproxy:2.6')
  const own = listed(
    await planTasks(host, [apiServerImages, controllerImages, containerdImages], contextOf({ artifacts, cluster })),
  )
  expect(own.join(' ')).not.toContain('haproxy')
})

test('a control plane gets its static pods’ images first, and planning needs no containerd', async () => {
  host.remove('/fake/units')
  const tasks = [apiServerImages, controllerImages, containerdImages, addonImages, remainingImages]
  const withWorker = clusterOf({ hosts: [hostOf(), { ...worker, name: 'w1' }] })
  const plan = listed(await planTasks(host, tasks, contextOf({ artifacts, cluster: withWorker })))
  expect(plan.slice(0, 5)).toEqual([
    'create image:registry.k8s.io/pause:3.10.2',
    'create image:registry.k8s.io/etcd:3.7.0-0',
    'create image:registry.k8s.io/kube-apiserver:v1.37.1',
    'create image:registry.k8s.io/kube-controller-manager:v1.37.1',
    'create image:registry.k8s.io/kube-scheduler:v1.37.1',
  ])
  expect(plan.slice(-2)[0]).toBe('create image:registry.k8s.io/coredns/coredns:v1.14.6')
  expect(plan).toHaveLength(10)
})

test('a control plane has the image of cluster DNS, too: with one worker, a replica goes there', async () => {
  const cluster = clusterOf({ hosts: [hostOf(), { ...worker, name: 'w1' }] })
  const plan = listed(await planTasks(host, addonImages, contextOf({ artifacts, cluster })))
  expect(plan).toEqual(['create image:registry.k8s.io/coredns/coredns:v1.14.6'])
})

test('a control plane has the image of cluster DNS, which may move to it', async () => {
  const plan = listed(await planTasks(host, workerImages, contextOf({ artifacts })))
  expect(plan).toContain('create image:registry.k8s.io/coredns/coredns:v1.14.6')
})

test('hosts of etcd are no workers, to which cluster DNS could go', async () => {
  const cluster = clusterOf({ hosts: [hostOf(), etcdHostOf('e1')] })
  expect(listed(await planTasks(host, addonImages, contextOf({ artifacts, cluster })))).toEqual([
    'create image:registry.k8s.io/coredns/coredns:v1.14.6',
  ])
})

test('images come under the names of the mirror that pods use, and one that was removed comes back', async () => {
  const cluster = clusterOf({ imageRepositories: { 'registry.k8s.io': 'mirror.lab/k8s' } })
  const mirrored = contextOf({ artifacts, cluster })
  await applyTasks(host, remainingImages, mirrored)
  expect(host.read('/fake/images')).toContain('mirror.lab/k8s/e2e-test-images/agnhost:2.66.1\n')
  expect(listed(await planTasks(host, remainingImages, mirrored))).toEqual([])
  host.remove('/fake/images')
  expect(listed(await planTasks(host, remainingImages, mirrored))).toEqual([
    'create image:mirror.lab/k8s/e2e-test-images/agnhost:2.66.1',
  ])
})

test('where containerd pulls from registries nothing is imported', async () => {
  const cluster = clusterOf({ artifacts: { ...clusterOf().artifacts, images: 'registry' } })
  expect(listed(await planTasks(host, workerImages, contextOf({ artifacts, cluster })))).toEqual([])
})

/** The images that a worker gets before it joins, without their repositories. */
async function imagesOfWorker(cluster: Partial<Cluster>): Promise<readonly string[]> {
  const context = contextOf({ artifacts, host: worker, cluster: clusterOf({ hosts: [worker], ...cluster }) })
  return listed(await planTasks(host, workerImages, context)).map((line) => line.replace(/.*[/]/, ''))
}
