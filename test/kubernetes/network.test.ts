import { expect, test } from 'vitest'
import { lastingOptions, parseNetworkOptions, withNetworkOptions } from '../../src/kubernetes/network.ts'

const daemonSet = { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'x', annotations: { a: 'b' } } }

test('the options that last are on the DaemonSet, and are read from there', () => {
  const cni = { name: 'flannel', backend: 'vxlan', mtu: 1400, vni: 1, port: 8472 } as const
  const { annotations = {} } = withNetworkOptions(daemonSet, cni).metadata
  expect(annotations['a']).toBe('b')
  expect(parseNetworkOptions(annotations['kubewright.dev/network'] ?? '')).toEqual(lastingOptions(cni))
  expect(lastingOptions(cni)).toEqual({ name: 'flannel', backend: 'vxlan', vni: '1', port: '8472' })
})

test('options of VXLAN are none where there is no VXLAN', () => {
  const cni = { name: 'flannel', backend: 'host-gw', mtu: undefined, vni: 1, port: 8472 } as const
  expect(lastingOptions(cni)).toEqual({ name: 'flannel', backend: 'host-gw' })
  expect(lastingOptions({ name: 'none' })).toEqual({ name: 'none' })
})

test('an annotation that is not ours says nothing', () => {
  expect(parseNetworkOptions('')).toBeUndefined()
  expect(parseNetworkOptions('[1]')).toBeUndefined()
})
