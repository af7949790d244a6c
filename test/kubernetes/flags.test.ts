import { expect, test } from 'vitest'
import { commandFlags, flagsOf, flagValue } from '../../src/kubernetes/flags.ts'

const defaults = flagsOf({ v: '2', 'bind-address': '127.0.0.1', 'advertise-address': '10.0.0.1' })

test('defaults are sorted, extra flags follow in the order of the inventory', () => {
  const extra = [
    { name: 'zeta', value: '1' },
    { name: 'alpha', value: '2' },
  ]
  expect(commandFlags(defaults, extra)).toEqual([
    '--advertise-address=10.0.0.1',
    '--bind-address=127.0.0.1',
    '--v=2',
    '--zeta=1',
    '--alpha=2',
  ])
})

test('an extra flag replaces the default, and may be given several times', () => {
  const extra = [
    { name: 'v', value: '4' },
    { name: 'v', value: '5' },
  ]
  expect(commandFlags(defaults, extra).slice(2)).toEqual(['--v=4', '--v=5'])
  expect(flagValue(extra, 'v')).toBe('5')
})

test('flags are sorted as Go sorts them, byte by byte', () => {
  const names = commandFlags(flagsOf({ 'a-b': '', aB: '', a1: '', ab: '' }), [])
  expect(names).toEqual(['--a-b=', '--a1=', '--aB=', '--ab='])
})
