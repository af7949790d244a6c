import { expect, test } from 'vitest'
import { durationSeconds } from '../../src/inventory/duration.ts'

test('durations are hours, days and years of fixed length', () => {
  expect(durationSeconds('8760h')).toBe(31_536_000)
  expect(durationSeconds('365d')).toBe(31_536_000)
  expect(durationSeconds('1y')).toBe(31_536_000)
  expect(durationSeconds('1h30m15s')).toBe(5415)
})

test.each(['', '1', 'h', '1 h', '-1h', '1.5h', '1w'])('%j is no duration', (text) => {
  expect(() => durationSeconds(text)).toThrow(`not a duration: ${text}`)
})
