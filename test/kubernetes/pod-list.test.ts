import { expect, test } from 'vitest'
import { listedPods } from '../../src/kubernetes/pod-list.ts'

test('a pod has its place, whether it is ready, what it was made for and by whom', () => {
  const line = ['kube-system', 'kube-proxy-x7k2p', 'Running', 'True', 'w1', 'sha256:0', 'kube-proxy'].join('\t')
  expect(listedPods(`${line}\n`)).toEqual([
    {
      namespace: 'kube-system',
      name: 'kube-proxy-x7k2p',
      phase: 'Running',
      ready: true,
      terminating: false,
      node: 'w1',
      inputs: 'sha256:0',
      owner: 'kube-proxy',
    },
  ])
})

test('a pod that was made just now, by hand, has neither', () => {
  expect(listedPods('default\tmine\tPending\t\t\t\t\n')).toEqual([
    {
      namespace: 'default',
      name: 'mine',
      phase: 'Pending',
      ready: false,
      terminating: false,
      node: '',
      inputs: '',
      owner: '',
    },
  ])
})

test('a pod of a Deployment, which may be on its way out, is known by the Deployment and not by its ReplicaSet', () => {
  const fields = [
    'kube-system',
    'calico-typha-7b9d-x',
    'Running',
    'True',
    'w1',
    'sha256:0',
    'calico-typha-7b9d',
    '7b9d',
  ]
  const [pod] = listedPods(`${[...fields, '2026-10-01T12:00:00Z'].join('\t')}\n`)
  expect(pod).toMatchObject({ owner: 'calico-typha', terminating: true })
})

test('an API that does not answer lists no pods', () => {
  expect(listedPods('')).toEqual([])
})
