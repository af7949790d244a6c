import { once } from 'node:events'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { certificates, certificateSpec, kubeletServing } from '../../src/pki/certificates.ts'
import { PkiError } from '../../src/pki/errors.ts'
import { issueAuthority, issueCertificate, type KeyAlgorithm } from '../../src/pki/issue.ts'
import { readCertificate } from '../../src/pki/read.ts'
import { Secret } from '../../src/transport/command.ts'
import { authorityOf, host, issued, keyOf, now, openssl, specOf, year } from './fixtures.ts'

const seconds = (date: Date) => String(date.getTime() / 1000)
const asn1 = (pem: string) => openssl(['asn1parse', '-in', 'c.crt'], { 'c.crt': pem }).output
const server = specOf('apiserver')
const client = specOf('apiserver-kubelet-client')

describe.each<[KeyAlgorithm, KeyAlgorithm, string]>([
  ['RSA-2048', 'RSA-2048', 'sha256WithRSAEncryption'],
  ['RSA-2048', 'ECDSA-P256', 'sha256WithRSAEncryption'],
  ['ECDSA-P256', 'RSA-2048', 'ecdsa-with-SHA256'],
  ['ECDSA-P384', 'ECDSA-P384', 'ecdsa-with-SHA384'],
])('an %s authority signs for an %s key', (authorityAlgorithm, leafAlgorithm, signature) => {
  const make = async (spec = server) => {
    const authority = await authorityOf(authorityAlgorithm)
    const key = await keyOf(leafAlgorithm)
    return { authority, leaf: issueCertificate({ spec, authority, key, validitySeconds: year, now }) }
  }
  const verify = async (spec: typeof server, purpose: string) => {
    const { authority, leaf } = await make(spec)
    const words = [
      'verify',
      '-x509_strict',
      '-attime',
      seconds(now),
      '-purpose',
      purpose,
      '-CAfile',
      'ca.crt',
      'leaf.crt',
    ]
    return openssl(words, { 'ca.crt': authority.certificate, 'leaf.crt': leaf })
  }

  test('openssl accepts a server certificate for servers and for nothing else', async () => {
    expect(await verify(server, 'sslserver')).toEqual({ code: 0, output: 'leaf.crt: OK\n' })
    expect((await verify(server, 'sslclient')).code).not.toBe(0)
  })

  test('openssl accepts a client certificate for clients and for nothing else', async () => {
    expect(await verify(client, 'sslclient')).toEqual({ code: 0, output: 'leaf.crt: OK\n' })
    expect((await verify(client, 'sslserver')).code).not.toBe(0)
  })

  test('openssl reads what was asked for', async () => {
    const { leaf } = await make()
    const { output } = openssl(['x509', '-in', 'leaf.crt', '-noout', '-text'], { 'leaf.crt': leaf })
    expect(output).toContain('Version: 3 (0x2)')
    expect(output).toContain(`Signature Algorithm: ${signature}`)
    expect(output).toContain('Subject: CN = kube-apiserver\n')
    expect(output).toMatch(/X509v3 Key Usage: critical\s+Digital Signature, Key Encipherment\n/)
    expect(output).toMatch(/X509v3 Extended Key Usage: \n\s+TLS Web Server Authentication\n/)
    expect(output).toMatch(/X509v3 Basic Constraints: critical\s+CA:FALSE\n/)
    expect(output).toContain('DNS:kubernetes.default.svc.cluster.local, IP Address:10.96.0.1, IP Address:192.0.2.11\n')
  })
})

test('openssl finds an authority that may sign certificates, under its own name', async () => {
  const { certificate } = await authorityOf('ECDSA-P256')
  const { output } = openssl(['x509', '-in', 'ca.crt', '-noout', '-text', '-purpose'], { 'ca.crt': certificate })
  expect(output).toMatch(/X509v3 Key Usage: critical\s+Digital Signature, Key Encipherment, Certificate Sign\n/)
  expect(output).toMatch(/X509v3 Basic Constraints: critical\s+CA:TRUE\n/)
  expect(output).toContain('DNS:kubernetes\n')
  expect(output).toContain('SSL server CA : Yes')
})

test('a certificate starts five minutes ago and ends when it was told to', async () => {
  const facts = readCertificate(await issued(server, await authorityOf('ECDSA-P256')))
  expect(facts.notBefore).toEqual(new Date('2026-11-21T11:55:00Z'))
  expect(facts.notAfter).toEqual(new Date('2027-11-21T12:00:00Z'))
})

test('a certificate never outlives its authority', async () => {
  const authority = await authorityOf('ECDSA-P256')
  const leaf = issueCertificate({
    spec: server,
    authority,
    key: await keyOf('ECDSA-P256'),
    validitySeconds: 20 * year,
    now,
  })
  expect(readCertificate(leaf).notAfter).toEqual(readCertificate(authority.certificate).notAfter)
})

test('the last second of 2049 is a UTCTime, the first of 2050 a GeneralizedTime', async () => {
  const key = await keyOf('ECDSA-P256')
  const until = (end: string) => {
    const validitySeconds = (Date.parse(end) - now.getTime()) / 1000
    return issueAuthority({ spec: { commonName: 'kubernetes' }, key, validitySeconds, now })
  }
  const [utc, generalized] = [until('2049-12-31T23:59:59Z'), until('2050-01-01T00:00:00Z')]
  expect(asn1(utc)).toMatch(/UTCTIME +:491231235959Z/)
  expect(asn1(generalized)).toMatch(/GENERALIZEDTIME +:20500101000000Z/)
  expect(readCertificate(utc).notAfter).toEqual(new Date('2049-12-31T23:59:59Z'))
  expect(readCertificate(generalized).notAfter).toEqual(new Date('2050-01-01T00:00:00Z'))
})

test('a moment between two seconds is written as the second before', async () => {
  const key = await keyOf('ECDSA-P256')
  const pem = issueAuthority({
    spec: { commonName: 'kubernetes' },
    key,
    validitySeconds: 60,
    now: new Date('2026-11-21T12:00:00.999Z'),
  })
  expect(readCertificate(pem).notAfter).toEqual(new Date('2026-11-21T12:01:00Z'))
})

test('serial numbers are positive, at most 20 bytes long and not the same twice', async () => {
  const authority = await authorityOf('ECDSA-P256')
  const serials = await Promise.all(
    Array.from({ length: 50 }, async () => readCertificate(await issued(server, authority)).serialNumber),
  )
  expect(new Set(serials).size).toBe(50)
  for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9a-f]{31}$/)
})

test('an expired authority signs nothing', async () => {
  const authority = await authorityOf('ECDSA-P256')
  const request = { spec: server, authority, key: await keyOf('ECDSA-P256'), validitySeconds: year }
  const later = new Date(now.getTime() + 10 * year * 1000)
  expect(() => issueCertificate({ ...request, now: later })).toThrow('the authority "kubernetes" expired on 2036-11-18')
})

test('a key that is not the authority’s signs nothing', async () => {
  const authority = { ...(await authorityOf('ECDSA-P256')), key: await keyOf('ECDSA-P256') }
  await expect(issued(server, authority)).rejects.toThrow("the authority's key belongs to none of its certificates")
})

test('a certificate that is no authority signs nothing', async () => {
  const authority = {
    certificate: await issued(server, await authorityOf('ECDSA-P256')),
    key: await keyOf('ECDSA-P256'),
  }
  await expect(issued(client, authority)).rejects.toThrow('"kube-apiserver" is not a certificate authority')
})

test('of a bundle, the authority whose key is there signs', async () => {
  const [old, current] = [await authorityOf('RSA-2048'), await authorityOf('ECDSA-P256')]
  const bundle = { certificate: old.certificate + current.certificate, key: current.key }
  const leaf = await issued(server, bundle)
  expect(readCertificate(leaf).authorityKeyId).toBe(readCertificate(current.certificate).subjectKeyId)
})

test('the name of an authority that someone else made is copied byte for byte', async () => {
  const key = await keyOf('ECDSA-P256')
  const made = openssl(
    [
      'req',
      '-x509',
      '-new',
      '-key',
      'ca.key',
      '-days',
      '4000',
      '-utf8',
      '-subj',
      '/C=DE/O=Bärenhöhle/O=Two+OU=x/CN=Große CA',
    ],
    { 'ca.key': key.reveal() },
  )
  const authority = { certificate: made.output, key }
  const leaf = issueCertificate({ spec: server, authority, key, validitySeconds: year, now: new Date() })
  const files = { 'ca.crt': authority.certificate, 'leaf.crt': leaf }
  expect(openssl(['verify', '-CAfile', 'ca.crt', 'leaf.crt'], files).output).toBe('leaf.crt: OK\n')
  expect(readCertificate(leaf).issuer).toEqual({ commonName: 'Große CA', organizations: ['Bärenhöhle', 'Two'] })
})

test('a name that no PrintableString can hold is written in UTF-8', async () => {
  const leaf = await issued(
    { ...client, commonName: 'jürgen@example', organizations: ['a*b', 'plain'] },
    await authorityOf('ECDSA-P256'),
  )
  expect(readCertificate(leaf).subject.commonName).toBe('jürgen@example')
  const output = asn1(leaf)
  expect(output).toMatch(/UTF8STRING +:jürgen@example/)
  expect(output).toMatch(/UTF8STRING +:a\*b/)
  expect(output).toMatch(/PRINTABLESTRING +:plain/)
})

test('what is neither an address nor a DNS name gets into no certificate', async () => {
  const spec = { ...server, sans: ['under_score'] }
  await expect(issued(spec, await authorityOf('ECDSA-P256'))).rejects.toThrow(PkiError)
})

test('an error shows nothing of a broken key', async () => {
  const authority = await authorityOf('ECDSA-P256')
  const key = new Secret('-----BEGIN EC PRIVATE KEY-----\nTOPSECRET\n-----END EC PRIVATE KEY-----\n')
  expect(() => issueCertificate({ spec: server, authority, key, validitySeconds: year, now })).toThrow(
    /^the private key cannot be read$/,
  )
})

test('every row of the table is issued and verified by its authority alone', async () => {
  const specs = [...certificates, kubeletServing].map((row) => certificateSpec(row, host))
  for (const spec of specs) {
    const names = ['ca', 'front-proxy-ca', 'etcd-ca'] as const
    const accepted = []
    for (const name of names) {
      const authority = await authorityOf('ECDSA-P256', name)
      const leaf = await issued(spec, await authorityOf('ECDSA-P256', spec.authority))
      const words = ['verify', '-attime', seconds(now), '-CAfile', 'ca.crt', 'leaf.crt']
      const { code } = openssl(words, { 'ca.crt': authority.certificate, 'leaf.crt': leaf })
      if (code === 0) accepted.push(name)
    }
    expect(accepted).toEqual([spec.authority])
  }
})

test('a server and a client with our certificates trust each other over TLS', async () => {
  const authority = await authorityOf('ECDSA-P256', 'ca', new Date())
  const key = await keyOf('ECDSA-P256')
  const request = { authority, key, validitySeconds: year, now: new Date() }
  const [serverCert, clientCert] = [
    issueCertificate({ ...request, spec: { ...specOf('etcd-server'), sans: ['127.0.0.1'] } }),
    issueCertificate({ ...request, spec: client }),
  ]
  const pem = { key: key.reveal(), ca: authority.certificate }
  const listener = createServer({ ...pem, cert: serverCert, requestCert: true, rejectUnauthorized: true })
  const accepted = once(listener, 'secureConnection')
  await once(listener.listen(0, '127.0.0.1'), 'listening')
  const address = listener.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const socket = connect({ ...pem, cert: clientCert, host: '127.0.0.1', port })
  try {
    await once(socket, 'secureConnect')
    const [peer] = (await accepted) as [TLSSocket]
    expect(peer.getPeerCertificate().subject.CN).toBe('kube-apiserver-kubelet-client')
    peer.destroy()
  } finally {
    socket.destroy()
    listener.close()
  }
})
