import { expect, test } from 'vitest'
import { editDistance, nearest } from '../../src/inventory/nearest.ts'

test('the distance counts inserted, deleted, replaced and swapped characters', () => {
  expect(editDistance('', 'abc')).toBe(3)
  expect(editDistance('roles', 'roles')).toBe(0)
  expect(editDistance('role', 'roles')).toBe(1)
  expect(editDistance('adress', 'address')).toBe(1)
  expect(editDistance('wroker', 'worker')).toBe(1)
  expect(editDistance('kitten', 'sitting')).toBe(3)
})

test('the nearest name is the one that was probably meant', () => {
  const known = ['address', 'roles', 'kubernetesVersion', 'podSubnets', 'mtu']
  expect(nearest('adress', known)).toBe('address')
  expect(nearest('Roles', known)).toBe('roles')
  expect(nearest('version', known)).toBe('kubernetesVersion')
  expect(nearest('podSubnet', known)).toBe('podSubnets')
})

test('a word that is like no name has no nearest one', () => {
  expect(nearest('colour', ['address', 'roles', 'mtu'])).toBeUndefined()
  expect(nearest('x', [])).toBeUndefined()
})
