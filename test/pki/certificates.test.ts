import { describe, expect, test } from 'vitest'
import { alternativeNames } from '../../src/pki/alternative-names.ts'
import {
  authorities,
  bindsKubeletClientByUser,
  certificateFiles,
  certificates,
  certificateSpec,
  kubeconfigs,
  kubeletServing,
  serviceAccountPair,
} from '../../src/pki/certificates.ts'
import { PkiError } from '../../src/pki/errors.ts'
import { host, specOf } from './fixtures.ts'

describe('the table', () => {
  test('has the files of kubeadm’s PKI directory', () => {
    expect([...authorities, ...certificates].map(({ path }) => path).sort()).toEqual([
      'apiserver',
      'apiserver-etcd-client',
      'apiserver-kubelet-client',
      'ca',
      'etcd/ca',
      'etcd/healthcheck-client',
      'etcd/peer',
      'etcd/server',
      'front-proxy-ca',
      'front-proxy-client',
    ])
    expect(serviceAccountPair).toEqual({ key: 'sa.key', publicKey: 'sa.pub' })
  })

  test('names nothing twice, and no authority that is not there', () => {
    const rows = [...certificates, kubeletServing, ...kubeconfigs]
    expect(new Set([...authorities, ...rows].map(({ name }) => name)).size).toBe(authorities.length + rows.length)
    expect(new Set(rows.map(({ authority }) => authority))).toEqual(new Set(authorities.map(({ name }) => name)))
  })

  test('gives the kubelet a serving certificate for the node’s name and all its addresses', () => {
    expect(certificateSpec(kubeletServing, host)).toEqual({
      name: 'kubelet-serving',
      path: '/var/lib/kubelet/pki/kubelet',
      authority: 'ca',
      commonName: 'system:node:cp-1',
      organizations: ['system:nodes'],
      acceptedOrganizations: [],
      usages: ['server'],
      sans: ['cp-1', '192.0.2.11', '2001:db8::11'],
    })
  })

  test('puts certificate and key where the components look for them', () => {
    expect(certificateFiles(specOf('etcd-peer'))).toEqual({
      certificate: '/etc/kubernetes/pki/etcd/peer.crt',
      key: '/etc/kubernetes/pki/etcd/peer.key',
    })
    expect(certificateFiles(kubeletServing).key).toBe('/var/lib/kubelet/pki/kubelet.key')
    expect(certificateFiles({ path: 'ca' }, '/srv/pki').certificate).toBe('/srv/pki/ca.crt')
  })

  test('names the control plane endpoint only if there is one', () => {
    const { controlPlaneEndpointHost: _, ...without } = host
    const apiserver = certificates.find(({ name }) => name === 'apiserver') ?? kubeletServing
    expect(certificateSpec(apiserver, host).sans).toContain('api.example.test')
    expect(certificateSpec(apiserver, without).sans).not.toContain('api.example.test')
  })
})

describe('the API server towards kubelets', () => {
  test.each([
    ['1.32.9', false],
    ['1.33.11', false],
    ['1.33.12', true],
    ['1.34.7', false],
    ['1.34.8', true],
    ['1.35.4', false],
    ['1.35.5', true],
    ['1.36.0', false],
    ['1.36.1', true],
    ['1.36.4', true],
    ['1.37.0', true],
    ['1.38.0-alpha.1', true],
  ])('in %s is authorized by its user name: %s', (kubernetesVersion, byUser) => {
    expect(bindsKubeletClientByUser(kubernetesVersion)).toBe(byUser)
    const { organizations } = specOf('apiserver-kubelet-client', { kubernetesVersion })
    expect(organizations).toEqual(byUser ? [] : ['kubeadm:cluster-admins'])
  })
})

describe('alternative names', () => {
  test('DNS names are sorted, addresses stay in order, and nothing is there twice', () => {
    const sans = ['b', '10.0.0.2', 'a', '10.0.0.1', 'b', '10.0.0.2', '*.a', '::ffff:10.0.0.1', 'FE80::0001']
    expect(alternativeNames(sans)).toEqual({ dns: ['*.a', 'a', 'b'], ips: ['10.0.0.2', '10.0.0.1', 'fe80::1'] })
  })

  test('a number is a DNS name, not an address', () => {
    expect(alternativeNames(['10', '1.2.3'])).toEqual({ dns: ['1.2.3', '10'], ips: [] })
  })

  test.each([
    '',
    'UPPER',
    'a_b',
    '-a',
    'a..b',
    '*',
    'a.*.b',
    'a b',
    'fe80::1%eth0',
    '10.0.0.0/8',
    'bücher.example',
    `${'a.'.repeat(127)}a`,
  ])('%j is neither', (san) => {
    expect(() => alternativeNames([san])).toThrow(PkiError)
  })
})
