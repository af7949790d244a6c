import { describe, expect, test } from 'vitest'
import { clusterConfiguration } from '../../src/kubernetes/kubeadm-config.ts'
import { haproxyConfiguration } from '../../src/kubernetes/haproxy.ts'
import { clusterEndpointUrl, localEndpointUrl, nodeEndpointUrl } from '../../src/kubernetes/node.ts'
import { clusterOf } from '../support/facts.ts'

const controlPlaneEndpoint = { address: '127.0.0.1', port: 6443, provider: 'node-local', explicit: true } as const
const nodeLocal = clusterOf({ controlPlaneEndpoint })

describe('a node-local endpoint', () => {
  test('is loopback for nodes, and a control plane for everyone else', () => {
    expect(nodeEndpointUrl(nodeLocal, '10.89.5.11')).toBe('https://127.0.0.1:6443')
    expect(clusterEndpointUrl(nodeLocal, '10.89.5.11')).toBe('https://10.89.5.11:6443')
  })

  test('is what kubeadm is told, whose new certificates for API servers then hold the loopback address, too', () => {
    expect(clusterConfiguration(nodeLocal)).toMatchObject({ controlPlaneEndpoint: '127.0.0.1:6443' })
  })

  test('has the port of the API servers, so that one address serves control planes and workers', () => {
    const extraArgs = [{ name: 'secure-port', value: '7443' }]
    const cluster = { ...nodeLocal, apiServer: { ...nodeLocal.apiServer, extraArgs } }
    expect(nodeEndpointUrl(cluster, '10.89.5.11')).toBe('https://127.0.0.1:7443')
    expect(localEndpointUrl({ ...nodeLocal, controlPlaneEndpoint: { ...controlPlaneEndpoint, port: 8443 } }, 'a')).toBe(
      'https://a:8443',
    )
    expect(clusterConfiguration(cluster)).toMatchObject({ controlPlaneEndpoint: '127.0.0.1:7443' })
  })

  test('speaks IPv6', () => {
    const cluster = clusterOf({ controlPlaneEndpoint: { ...controlPlaneEndpoint, address: '::1' } })
    const { text } = haproxyConfiguration(cluster, [{ name: 'cp1', nodeIP: 'fd00::11' }])
    expect(text).toContain('bind [::1]:6443\n')
    expect(text).toContain('server cp1 [fd00::11]:6443\n')
  })
})
