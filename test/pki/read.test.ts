import { createHash, X509Certificate } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PkiError } from '../../src/pki/errors.ts'
import { issueCertificate } from '../../src/pki/issue.ts'
import { keyMatches, readCertificate, splitCertificates, verifies } from '../../src/pki/read.ts'
import { Secret } from '../../src/transport/command.ts'
import { authorityOf, issued, keyOf, now, openssl, specOf, year } from './fixtures.ts'

const server = specOf('etcd-server', { etcdServerCertSANs: ['2001:db8:0:0::5', '*.etcd.example.test', '203.0.113.5'] })

describe('reading', () => {
  test('a certificate says whose it is, what for and how long', async () => {
    const authority = await authorityOf('ECDSA-P384', 'etcd-ca')
    const facts = readCertificate(await issued(server, authority))
    expect(facts).toMatchObject({
      subject: { commonName: 'cp-1', organizations: [] },
      issuer: { commonName: 'etcd-ca', organizations: [] },
      sans: {
        dns: ['*.etcd.example.test', 'cp-1', 'localhost'],
        ips: ['192.0.2.11', '127.0.0.1', '::1', '2001:db8::5', '203.0.113.5'],
      },
      usages: ['server', 'client'],
      isAuthority: false,
      keyAlgorithm: 'ECDSA-P256',
      subjectKeyId: undefined,
      authorityKeyId: readCertificate(authority.certificate).subjectKeyId,
    })
  })

  test('an authority is for signing only', async () => {
    const { certificate } = await authorityOf('RSA-2048')
    expect(readCertificate(certificate)).toMatchObject({
      usages: ['ca'],
      isAuthority: true,
      keyAlgorithm: 'RSA-2048',
      authorityKeyId: undefined,
    })
  })

  test('fingerprint and public key hash are those of openssl', async () => {
    const { certificate } = await authorityOf('RSA-2048')
    const facts = readCertificate(certificate)
    const { output } = openssl(['x509', '-in', 'c', '-noout', '-fingerprint', '-sha256', '-pubkey'], { c: certificate })
    const fingerprint = /Fingerprint=(.*)/.exec(output)?.[1]?.replaceAll(':', '').toLowerCase()
    expect(facts.fingerprint).toBe(`sha256:${fingerprint}`)
    const info = Buffer.from(/KEY-----([^-]*)-----END PUBLIC/.exec(output)?.[1] ?? '', 'base64')
    expect(facts.publicKeyHash).toBe(`sha256:${createHash('sha256').update(info).digest('hex')}`)
  })

  test('a certificate without lists of usages may be used for everything', () => {
    const made = openssl(
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-521',
        '-nodes',
        '-keyout',
        '/dev/null',
        '-subj',
        '/CN=x',
        '-addext',
        'basicConstraints=CA:FALSE',
      ],
      {},
    )
    expect(readCertificate(made.output)).toMatchObject({ usages: ['server', 'client'], keyAlgorithm: 'ECDSA-P521' })
  })

  test('comments, keys and further certificates around the first one do not matter', async () => {
    const authority = await authorityOf('ECDSA-P256')
    const leaf = await issued(server, authority)
    const key = (await keyOf('ECDSA-P256')).reveal()
    const facts = readCertificate(`subject: CN=someone\r\n${key}${leaf}${authority.certificate}`)
    expect(facts).toEqual(readCertificate(leaf))
    expect(facts.pem).toBe(leaf)
    expect(splitCertificates(`# bundle\n${leaf}\n\n${authority.certificate}`)).toEqual([leaf, authority.certificate])
  })

  test.each(['', 'not a certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'])(
    '%j is a plain error',
    (garbage) => {
      expect(() => readCertificate(garbage)).toThrow(PkiError)
      expect(() => verifies(garbage, garbage)).toThrow(PkiError)
      expect(() => keyMatches(garbage, new Secret('x'))).toThrow(PkiError)
    },
  )

  test('a certificate with flipped bytes is read or refused, never a crash', async () => {
    const leaf = await issued(server, await authorityOf('ECDSA-P256'))
    const der = Buffer.from(leaf.replaceAll(/-----.*-----|\s/g, ''), 'base64')
    const position = fc.nat({ max: der.length - 1 })
    fc.assert(
      fc.property(fc.array(fc.tuple(position, fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 }), (changes) => {
        const broken = Buffer.from(der)
        for (const [at, byte] of changes) broken.writeUInt8(byte, at)
        const pem = `-----BEGIN CERTIFICATE-----\n${broken.toString('base64')}\n-----END CERTIFICATE-----\n`
        try {
          return !Number.isNaN(readCertificate(pem).notAfter.getTime())
        } catch (error) {
          return error instanceof PkiError
        }
      }),
      { numRuns: 1000 },
    )
  })
})

describe('keys', () => {
  test('a key matches the certificate that was made for it and no other', async () => {
    const leaf = await issued(server, await authorityOf('ECDSA-P256'))
    expect(keyMatches(leaf, await keyOf('ECDSA-P256'))).toBe(true)
    expect(keyMatches(leaf, await keyOf('ECDSA-P256', 'authority'))).toBe(false)
    expect(keyMatches(leaf, await keyOf('RSA-2048'))).toBe(false)
  })

  test('a key that cannot be read matches nothing', async () => {
    const leaf = await issued(server, await authorityOf('ECDSA-P256'))
    expect(keyMatches(leaf, new Secret('half a k'))).toBe(false)
  })
})

describe('verification', () => {
  test('an authority with the same name and another key did not sign it', async () => {
    const leaf = await issued(server, await authorityOf('ECDSA-P256', 'etcd-ca'))
    expect(verifies(leaf, (await authorityOf('ECDSA-P256', 'etcd-ca')).certificate)).toBe(true)
    expect(verifies(leaf, (await authorityOf('ECDSA-P384', 'etcd-ca')).certificate)).toBe(false)
  })

  test('one authority of a bundle is enough', async () => {
    const [one, other] = [await authorityOf('ECDSA-P384'), await authorityOf('ECDSA-P256')]
    const leaf = await issued(server, one)
    expect(verifies(leaf, other.certificate + one.certificate)).toBe(true)
    expect(verifies(leaf, other.certificate)).toBe(false)
  })

  test('an authority verifies itself', async () => {
    const { certificate } = await authorityOf('RSA-2048')
    expect(verifies(certificate, certificate)).toBe(true)
  })

  test('a certificate that is no authority verifies nothing, even with the right key', async () => {
    const key = await keyOf('ECDSA-P256', 'authority')
    const authority = await authorityOf('ECDSA-P256')
    const spec = { ...server, commonName: 'kubernetes', sans: [] }
    const notAnAuthority = issueCertificate({ spec, authority, key, validitySeconds: year, now })
    expect(verifies(await issued(server, authority), notAnAuthority)).toBe(false)
  })

  test('a certificate without list of usages that is no authority verifies nothing either', async () => {
    const key = (await keyOf('ECDSA-P256', 'authority')).reveal()
    const authority = await authorityOf('ECDSA-P256')
    const words = ['req', '-x509', '-key', 'k', '-subj', '/CN=kubernetes', '-addext', 'basicConstraints=CA:FALSE']
    const bare = openssl([...words, '-addext', 'subjectKeyIdentifier=none'], { k: key }).output
    expect(verifies(await issued(server, authority), bare)).toBe(false)
  })

  test('a certificate that was changed after it was signed is not verified', async () => {
    const { certificate } = await authorityOf('ECDSA-P256')
    const der = new X509Certificate(await issued(server, await authorityOf('ECDSA-P256'))).raw
    const forged = Buffer.from(der.toString('latin1').replace('localhost', 'somewhere'), 'latin1')
    const pem = `-----BEGIN CERTIFICATE-----\n${forged.toString('base64')}\n-----END CERTIFICATE-----\n`
    expect(readCertificate(pem).sans.dns).toContain('somewhere')
    expect(verifies(pem, certificate)).toBe(false)
  })
})
