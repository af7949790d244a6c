import { expect, test } from 'vitest'
import { slots } from '../../src/transport/slots.ts'

test('slots go round in the order in which they were asked for', async () => {
  const two = slots(2)
  const order: number[] = []
  const [first] = [await two.take(), await two.take()]
  const third = two.take().then((release) => (order.push(3), release))
  const fourth = two.take().then((release) => (order.push(4), release))
  first?.()
  first?.() // a second time gives nothing back
  const release = await third
  expect(order).toEqual([3])
  release()
  await fourth
  expect(order).toEqual([3, 4])
})

test('who stops waiting takes no slot', async () => {
  const one = slots(1)
  const release = await one.take()
  const stop = new AbortController()
  const waiting = one.take(stop.signal)
  stop.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
  await expect(one.take(AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late')
  release()
  await one.take()
})
