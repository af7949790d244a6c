import { expect, test } from 'vitest'
import { listedNodes } from '../../src/kubernetes/node-list.ts'

const now = '2026-01-01T00:01:00Z'

test('a node has its name, whether it is Ready, its age, labels and taints', () => {
  const taints = [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }]
  const line = ['cp1', 'True', '2026-01-01T00:00:30Z', '{"rack":"a b"}', JSON.stringify(taints)].join('\t')
  expect(listedNodes(`${now}\n${line}\n`)).toEqual([
    { name: 'cp1', ready: true, age: 30, metadata: { labels: { rack: 'a b' } }, spec: { taints } },
  ])
})

test('a node that the kubelet has just made has no condition yet, and may have neither labels nor taints', () => {
  expect(listedNodes(`${now}\nw1\t\t${now}\t\t\n`)).toEqual([
    { name: 'w1', ready: false, age: 0, metadata: {}, spec: {} },
  ])
})

test('an API that does not answer lists no nodes', () => {
  expect(listedNodes('')).toEqual([])
  expect(listedNodes(`${now}\n`)).toEqual([])
})
