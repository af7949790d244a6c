import { expect, test } from 'vitest'
import { binarySize } from '../../src/host/size.ts'

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1 KiB'],
  [300 * 2 ** 20, '300 MiB'],
  [1.5 * 2 ** 30, '1.5 GiB'],
  [5000 * 2 ** 30, '5000 GiB'],
])('%i bytes are %s', (bytes, size) => {
  expect(binarySize(bytes)).toBe(size)
})
