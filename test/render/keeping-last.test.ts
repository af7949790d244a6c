import { expect, test } from 'vitest'
import { keepingLast } from '../../src/render/keeping-last.ts'

test('a text is read once as long as no other is asked for', () => {
  const seen: string[] = []
  const read = keepingLast((text) => {
    seen.push(text)
    return text.length
  })
  expect([read('one'), read('one'), read('three'), read('one')]).toEqual([3, 3, 5, 3])
  expect(seen).toEqual(['one', 'three', 'one'])
})
