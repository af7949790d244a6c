import { beforeEach, expect, test } from 'vitest'
import { containerdImages, containerdProofImage } from '../../../src/tasks/containerd/images.ts'
import { clusterOf, contextOf, workerOf } from '../../support/facts.ts'
import { applyTasks, listed, planTasks } from '../../support/run-task.ts'
import { sandboxHost, type SandboxHost } from '../../support/sandbox-host.ts'
import { smallBundle } from './fixtures.ts'

const artifacts = smallBundle()
let host: SandboxHost

beforeEach(() => {
  host = sandboxHost()
  host.write('/fake/units/containerd.service/active', 'active')
})

test('a worker gets a worker’s images only, and they are imported once', async () => {
  const worker = contextOf({ artifacts, host: workerOf('cp1', '10.89.5.11') })
  expect(listed(await planTasks(host, containerdImages, worker))).toEqual([
    'create image:registry.k8s.io/pause:3.10.2',
    'create image:registry.k8s.io/kube-proxy:v1.37.1',
    'create image:ghcr.io/flannel-io/flannel:v0.28.4',
    'create image:ghcr.io/flannel-io/flannel-cni-plugin:v1.9.1-flannel1',
    'create image:registry.k8s.io/coredns/coredns:v1.14.6',
  ])
  await applyTasks(host, containerdImages, worker)
  expect(listed(await planTasks(host, containerdImages, worker))).toEqual([])
})

test('a control plane gets its static pods’ images, too, and planning needs no containerd', async () => {
  host.remove('/fake/units')
  const plan = listed(await planTasks(host, containerdImages, contextOf({ artifacts })))
  expect(plan.slice(0, 4)).toEqual([
    'create image:registry.k8s.io/etcd:3.7.0-0',
    'create image:registry.k8s.io/kube-apiserver:v1.37.1',
    'create image:registry.k8s.io/kube-controller-manager:v1.37.1',
    'create image:registry.k8s.io/kube-scheduler:v1.37.1',
  ])
})

test('images come under the names of the mirror that pods use, and one that was removed comes back', async () => {
  const cluster = clusterOf({ imageRepositories: { 'registry.k8s.io': 'mirror.lab/k8s' } })
  const mirrored = contextOf({ artifacts, cluster })
  await applyTasks(host, containerdProofImage, mirrored)
  expect(host.read('/fake/images')).toContain('mirror.lab/k8s/e2e-test-images/agnhost:2.66.1\n')
  expect(listed(await planTasks(host, containerdProofImage, mirrored))).toEqual([])
  host.remove('/fake/images')
  expect(listed(await planTasks(host, containerdProofImage, mirrored))).toEqual([
    'create image:mirror.lab/k8s/e2e-test-images/agnhost:2.66.1',
  ])
})

test('where containerd pulls from registries nothing is imported', async () => {
  const cluster = clusterOf({ artifacts: { ...clusterOf().artifacts, images: 'registry' } })
  expect(listed(await planTasks(host, containerdImages, contextOf({ artifacts, cluster })))).toEqual([])
})
