import { expect, test } from 'vitest'
import { neighbourOf, peersOf } from '../../src/check/sample.ts'

const many = Array.from({ length: 100 }, (_, index) => `w${index}`)

test('up to twenty nodes everyone asks everyone', () => {
  const names = many.slice(0, 20)
  expect(peersOf(names, 3).toSorted()).toEqual(names.toSorted())
})

test('of more nodes everyone asks twenty, itself among them, and is asked by twenty', () => {
  const asked = many.map((_, index) => peersOf(many, index))
  for (const [index, peers] of asked.entries()) {
    expect(new Set(peers).size).toBe(20)
    expect(peers[0]).toBe(many[index])
    expect(asked.filter((list) => list.includes(many[index] ?? ''))).toHaveLength(20)
  }
})

test('the neighbour of the last node is the first, and of a single node itself', () => {
  expect(neighbourOf(['a', 'b', 'c'], 2)).toEqual(['a'])
  expect(neighbourOf(['a'], 0)).toEqual(['a'])
})
