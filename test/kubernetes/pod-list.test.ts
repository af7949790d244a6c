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
      node: 'w1',
      inputs: 'sha256:0',
      owner: 'kube-proxy',
    },
  ])
})

test('a pod that was made just now, by hand, has neither', () => {
  expect(listedPods('default\tmine\tPending\t\t\t\t\n')).toEqual([
    { namespace: 'default', name: 'mine', phase: 'Pending', ready: false, node: '', inputs: '', owner: '' },
  ])
})

test('an API that does not answer lists no pods', () => {
  expect(listedPods('')).toEqual([])
})
