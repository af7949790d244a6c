import { expect, test } from 'vitest'
import { calicoMissing } from '../../../src/tasks/network/calico.ts'

const ready = `Node cp1 True  \nNode w1 True  \nPod calico-node-a True cp1 calico-node\n`

test('Calico is ready when it is on every node that is', () => {
  expect(calicoMissing('')).toBe('no node is Ready yet')
  expect(calicoMissing(ready)).toBe('not ready yet on w1')
  expect(calicoMissing(`${ready}Pod calico-node-b False w1 calico-node\n`)).toBe('not ready yet on w1')
  expect(calicoMissing(`${ready}Pod calico-node-b True w1 calico-node\n`)).toBeUndefined()
})

test('a node that is not Ready holds up nobody', () => {
  expect(calicoMissing(ready.replace('w1 True', 'w1 False'))).toBeUndefined()
})
