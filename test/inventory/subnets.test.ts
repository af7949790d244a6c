import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  canonicalAddress,
  canonicalSubnet,
  contains,
  familyOf,
  isAddress,
  isSubnet,
  nthAddress,
  overlaps,
  prefixLength,
} from '../../src/inventory/subnets.ts'

test('addresses are written in full', () => {
  expect(['10.0.0.1', '::1', 'fd00:10::1'].every(isAddress)).toBe(true)
  expect(['10.1', '0x0a000001', '010.0.0.1', '10.0.0.256', 'fe80::1%eth0', 'localhost', ''].filter(isAddress)).toEqual(
    [],
  )
})

test('subnets have a prefix that fits the family', () => {
  expect(['10.0.0.0/8', '10.0.0.1/32', 'fd00::/48', '::/0'].every(isSubnet)).toBe(true)
  expect(
    ['10.0.0.0', '10.0.0.0/33', '10/8', 'fd00::/129', '10.0.0.0/8/8', '10.0.0.0/-1', '/8'].filter(isSubnet),
  ).toEqual([])
})

test('the first and the tenth address of a service subnet are those of the API and of DNS', () => {
  expect(nthAddress('10.96.0.0/12', 1)).toBe('10.96.0.1')
  expect(nthAddress('10.96.0.0/12', 10)).toBe('10.96.0.10')
  expect(nthAddress('fd00:10:96::/112', 10)).toBe('fd00:10:96::a')
  expect(nthAddress('10.0.0.0/16', 256)).toBe('10.0.1.0')
})

test('a subnet has no address beyond its end', () => {
  expect(nthAddress('10.0.0.0/30', 3)).toBe('10.0.0.3')
  expect(() => nthAddress('10.0.0.0/30', 4)).toThrow('10.0.0.0/30 has no address number 4')
})

test('equal addresses have one spelling', () => {
  expect(canonicalAddress('2001:DB8:0:0::0001')).toBe('2001:db8::1')
  expect(canonicalSubnet('fd00:0:0:0::/64')).toBe('fd00::/64')
  expect(canonicalSubnet('10.244.3.1/16')).toBe('10.244.0.0/16')
})

test('a subnet contains its own addresses and no others, and never those of another family', () => {
  expect(contains('10.96.0.0/12', '10.111.255.255')).toBe(true)
  expect(contains('10.96.0.0/12', '10.112.0.0')).toBe(false)
  expect(contains('::/0', '10.0.0.1')).toBe(false)
  expect(contains('0.0.0.0/0', '::1')).toBe(false)
})

test('subnets overlap when one holds the other, in either order', () => {
  expect(overlaps('10.0.0.0/8', '10.96.0.0/12')).toBe(true)
  expect(overlaps('10.96.0.0/12', '10.0.0.0/8')).toBe(true)
  expect(overlaps('10.96.0.0/12', '10.112.0.0/12')).toBe(false)
  expect(overlaps('10.0.0.0/8', 'fd00::/8')).toBe(false)
})

const subnets = fc.oneof(
  fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map(([address, prefix]) => `${address}/${prefix}`),
  // A dotted quad inside an IPv6 address is legal, but nobody writes it into an inventory.
  fc
    .tuple(
      fc.ipV6().filter((address) => !address.includes('.')),
      fc.integer({ min: 0, max: 128 }),
    )
    .map(([address, prefix]) => `${address}/${prefix}`),
)

test('every address that a subnet counts lies in it', () => {
  fc.assert(
    fc.property(subnets, fc.nat({ max: 1000 }), (subnet, index) => {
      const hostBits = (familyOf(subnet) === 4 ? 32 : 128) - prefixLength(subnet)
      fc.pre(index < 2 ** hostBits)
      expect(contains(canonicalSubnet(subnet), nthAddress(subnet, index))).toBe(true)
    }),
  )
})

test('overlapping is symmetric, and a subnet overlaps itself', () => {
  fc.assert(
    fc.property(subnets, subnets, (a, b) => {
      expect(overlaps(a, b)).toBe(overlaps(b, a))
      expect(overlaps(a, a)).toBe(true)
    }),
  )
})
