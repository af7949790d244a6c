import { expect, test } from 'vitest'
import { issueAuthority } from '../../src/pki/issue.ts'
import { compareAuthority, compareCertificate, readCertificate } from '../../src/pki/read.ts'
import { authorityOf, issued, keyOf, now, openssl, specOf, year } from './fixtures.ts'

const server = specOf('etcd-server', { etcdServerCertSANs: ['2001:db8:0:0::5', '*.etcd.example.test', '203.0.113.5'] })
const later = new Date(now.getTime() + 2 * year * 1000)

test('what was issued for a spec is fine for it', async () => {
  const authority = await authorityOf('ECDSA-P256', 'etcd-ca')
  const facts = readCertificate(await issued(server, authority))
  expect(compareCertificate(facts, server, authority.certificate, now)).toEqual([])
  expect(compareCertificate(facts, server, undefined, now)).toEqual([])
})

test('more names and usages than asked for, and an end that is near, are fine', async () => {
  const authority = await authorityOf('ECDSA-P256', 'etcd-ca')
  const facts = readCertificate(await issued(server, authority))
  const almost = new Date(now.getTime() + (year - 1) * 1000)
  const spec = { ...server, usages: ['client'], sans: ['localhost'] } as const
  expect(compareCertificate(facts, spec, authority.certificate, almost)).toEqual([])
})

test('an address written in another way is the same address', async () => {
  const authority = await authorityOf('ECDSA-P256', 'etcd-ca')
  const facts = readCertificate(await issued(server, authority))
  const spec = { ...server, sans: ['0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', '2001:0DB8::0005'] }
  expect(compareCertificate(facts, spec, authority.certificate, now)).toEqual([])
})

test('every difference is named', async () => {
  const facts = readCertificate(await issued(specOf('apiserver-kubelet-client'), await authorityOf('ECDSA-P256')))
  const other = await authorityOf('ECDSA-P384', 'etcd-ca')
  const spec = { ...server, organizations: ['a', 'b'], sans: ['cp-2', '10.0.0.9', 'etcd'] }
  expect(compareCertificate(facts, spec, other.certificate, later)).toEqual([
    'not signed by the current etcd-ca',
    'subject is CN=kube-apiserver-kubelet-client instead of CN=cp-1, O=a, O=b',
    'SAN missing: cp-2, etcd, 10.0.0.9',
    'usage missing: server',
    'expired on 2027-11-21T12:00:00.000Z',
  ])
})

test('a certificate from the future is not valid yet', async () => {
  const authority = await authorityOf('ECDSA-P256', 'etcd-ca')
  const facts = readCertificate(await issued(server, authority))
  expect(compareCertificate(facts, server, authority.certificate, new Date('2026-11-21T11:54:59Z'))).toEqual([
    'not valid before 2026-11-21T11:55:00.000Z',
  ])
})

test('groups of earlier releases are accepted only where the table says so', async () => {
  const authority = await authorityOf('ECDSA-P256')
  const withGroups = async (name: string, organizations: readonly string[]) => {
    const spec = specOf(name)
    const facts = readCertificate(await issued({ ...spec, organizations }, authority))
    return compareCertificate(facts, spec, undefined, now)
  }
  expect(await withGroups('apiserver-kubelet-client', ['kubeadm:cluster-admins'])).toEqual([])
  expect(await withGroups('apiserver-etcd-client', ['system:masters'])).toEqual([])
  expect(await withGroups('front-proxy-client', ['system:masters'])).toHaveLength(1)
  expect(await withGroups('apiserver-kubelet-client', ['kubeadm:cluster-admins', 'system:masters'])).toHaveLength(1)
})

test('a group that the version needs and the certificate lacks is a difference', async () => {
  const spec = specOf('apiserver-kubelet-client', { kubernetesVersion: '1.36.0' })
  const facts = readCertificate(await issued({ ...spec, organizations: [] }, await authorityOf('ECDSA-P256')))
  expect(compareCertificate(facts, spec, undefined, now)).toEqual([
    'subject is CN=kube-apiserver-kubelet-client instead of CN=kube-apiserver-kubelet-client, O=kubeadm:cluster-admins',
  ])
})

test('an authority in the place of a certificate is named', async () => {
  const { certificate } = await authorityOf('ECDSA-P256', 'etcd-ca')
  expect(compareCertificate(readCertificate(certificate), server, certificate, now)[0]).toBe(
    'it is a certificate authority',
  )
})

test('an authority may have any name, but must be one and be valid', async () => {
  const key = await keyOf('ECDSA-P256')
  const own = issueAuthority({ spec: { commonName: 'corporate' }, key, validitySeconds: year, now })
  expect(compareAuthority(readCertificate(own), now)).toEqual([])
  expect(compareAuthority(readCertificate(own), later)).toEqual(['expired on 2027-11-21T12:00:00.000Z'])
  const leaf = readCertificate(await issued(server, await authorityOf('ECDSA-P256')))
  expect(compareAuthority(leaf, now)).toEqual(['it is not a certificate authority'])
})

test('an authority without list of usages is one', () => {
  const made = openssl(
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      '/dev/null',
      '-subj',
      '/CN=x',
    ],
    {},
  )
  expect(compareAuthority(readCertificate(made.output), new Date())).toEqual([])
})
