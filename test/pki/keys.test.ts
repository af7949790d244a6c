import { expect, test } from 'vitest'
import { generateKey, generateServiceAccountPair, type KeyAlgorithm, publicKeyOf } from '../../src/pki/issue.ts'
import { keyOf, openssl } from './fixtures.ts'

test.each<[KeyAlgorithm, string]>([
  ['RSA-2048', 'RSA PRIVATE KEY'],
  ['ECDSA-P256', 'EC PRIVATE KEY'],
  ['ECDSA-P384', 'EC PRIVATE KEY'],
])('an %s key is written as "%s", as kubeadm does', async (algorithm, label) => {
  const key = await keyOf(algorithm)
  expect(key.reveal().split('\n')[0]).toBe(`-----BEGIN ${label}-----`)
  expect(openssl(['pkey', '-in', 'key', '-noout', '-check'], { key: key.reveal() }).output).toContain('Key is valid')
})

test.each<[KeyAlgorithm, string]>([
  ['RSA-2048', '2048 bit'],
  ['ECDSA-P256', '256 bit'],
  ['ECDSA-P384', '384 bit'],
])('an %s key has %ss', async (algorithm, size) => {
  const key = await generateKey(algorithm)
  expect(openssl(['pkey', '-in', 'key', '-noout', '-text'], { key: key.reveal() }).output).toContain(size)
})

test('the service account pair belongs together, and its public half can be made again', async () => {
  const { key, publicKey } = await generateServiceAccountPair('ECDSA-P256')
  expect(publicKey).toMatch(/^-----BEGIN PUBLIC KEY-----\n/)
  expect(publicKeyOf(key)).toBe(publicKey)
  expect(openssl(['pkey', '-in', 'sa.key', '-pubout'], { 'sa.key': key.reveal() }).output).toBe(publicKey)
})
