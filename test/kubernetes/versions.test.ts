import { expect, test } from 'vitest'
import { supportedMinors as inventoryMinors } from '../../src/inventory/supported.ts'
import { imagesOf, minorData, minorOf, mirroredImage, supportedMinors } from '../../src/kubernetes/versions.ts'

test('the inventory accepts the minors that there is data for', () => {
  expect(inventoryMinors.toSorted()).toEqual(supportedMinors.toSorted())
})

test('a version belongs to its minor, with or without v', () => {
  expect([minorOf('1.37.1'), minorOf('v1.36.4')]).toEqual(['1.37', '1.36'])
  expect(() => minorData('1.29.0')).toThrow('Kubernetes 1.29.0 is not supported: use one of 1.36, 1.37.')
})

test('images keep their upstream names without a map', () => {
  const images = imagesOf({ kubernetesVersion: '1.37.1', imageRepositories: {} })
  expect(images.coredns).toBe('registry.k8s.io/coredns/coredns:v1.14.6')
  expect(images.flannel).toBe('ghcr.io/flannel-io/flannel:v0.28.4')
})

test('the longest prefix of the map wins', () => {
  const map = {
    'registry.k8s.io': 'mirror/k8s/',
    'registry.k8s.io/coredns/': 'mirror/dns',
    'registry.k8s.io/etcd': 'x/etcd',
  }
  expect(mirroredImage('registry.k8s.io/pause:3.10.2', map)).toBe('mirror/k8s/pause:3.10.2')
  expect(mirroredImage('registry.k8s.io/coredns/coredns:v1', map)).toBe('mirror/dns/coredns:v1')
  expect(mirroredImage('registry.k8s.io/etcd:3', map)).toBe('x/etcd:3')
  expect(mirroredImage('registry.k8s.io/etcd@sha256:0', map)).toBe('x/etcd@sha256:0')
})

test('a prefix ends where a part of the name ends', () => {
  const map = { 'registry.k8s.io/etcd': 'x/etcd', 'registry.k8s': 'y' }
  expect(mirroredImage('registry.k8s.io/etcd-tools:1', map)).toBe('registry.k8s.io/etcd-tools:1')
})
