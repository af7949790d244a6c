import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { bootstrapObjects, bootstrapRbac, clusterInfo } from '../../src/kubernetes/bootstrap.ts'
import { bootstrapTokenSecret } from '../../src/kubernetes/bootstrap-token.ts'
import { corednsObjects } from '../../src/kubernetes/coredns.ts'
import { clusterConfiguration, goDuration } from '../../src/kubernetes/kubeadm-config.ts'
import { kubeProxyConfiguration, kubeProxyObjects } from '../../src/kubernetes/kube-proxy.ts'
import { objectName } from '../../src/kubernetes/object.ts'
import { Secret } from '../../src/transport/command.ts'
import { controlPlane, defaultCluster, worker } from './scenarios.ts'

const affinity = (hosts: Parameters<typeof defaultCluster>[1]) =>
  JSON.stringify(corednsObjects(defaultCluster('1.37.1', hosts)).find(({ kind }) => kind === 'Deployment'))

const view = { nodeIP: '10.89.5.11', caCertificate: 'PEM' }

test("administrators' rights come first, and the order is always the same", () => {
  const names = bootstrapObjects(defaultCluster(), view).map(objectName)
  expect(names.slice(0, 2)).toEqual([
    'ClusterRoleBinding kubeadm:cluster-admins',
    'ClusterRoleBinding kubeadm:apiserver-kubelet-client',
  ])
  expect(names.slice(-3)).toEqual([
    'ConfigMap kube-system/kubeadm-config',
    'ConfigMap kube-system/kubelet-config',
    'ConfigMap kube-public/cluster-info',
  ])
  expect(new Set(names).size).toBe(names.length)
  expect(bootstrapRbac().length).toBe(13)
})

test('cluster-info names the endpoint of the inventory and holds no signature', () => {
  const endpoint = { address: 'fd00::1', port: 443, provider: 'external', explicit: true } as const
  const { data } = clusterInfo({ ...defaultCluster(), controlPlaneEndpoint: endpoint }, view)
  expect(Object.keys(data as object)).toEqual(['kubeconfig'])
  expect(JSON.stringify(data)).toContain('https://[fd00::1]:443')
})

describe('kubeadm-config', () => {
  test('an endpoint that nobody chose is left out, as by kubeadm', () => {
    expect(clusterConfiguration(defaultCluster())).not.toHaveProperty('controlPlaneEndpoint')
  })

  test('images that are mapped one by one have repositories of their own', () => {
    const imageRepositories = { 'registry.k8s.io/etcd': 'a/b/etcd', 'registry.k8s.io/coredns': 'c' }
    expect(clusterConfiguration({ ...defaultCluster(), imageRepositories })).toMatchObject({
      imageRepository: 'registry.k8s.io',
      dns: { imageRepository: 'c' },
      etcd: { local: { imageRepository: 'a/b' } },
    })
  })

  test.each([
    [8760 * 3600, '8760h0m0s'],
    [5400, '1h30m0s'],
    [61, '1m1s'],
    [30, '30s'],
  ])('%i seconds are %s in Go', (seconds, text) => {
    expect(goDuration(seconds)).toBe(text)
  })
})

describe('bootstrap tokens', () => {
  const token = {
    id: 'abc123',
    secret: new Secret('0123456789abcdef'),
    expiration: new Date('2030-01-02T03:04:05.678Z'),
    description: 'kubewright',
  }

  test('the secret is in the manifest alone, and that is not printed', () => {
    const { object, manifest } = bootstrapTokenSecret(token)
    const encoded = Buffer.from('0123456789abcdef').toString('base64')
    expect(manifest.reveal()).toContain(encoded)
    expect(JSON.stringify(object)).not.toContain(encoded)
    expect(inspect({ object, manifest })).not.toContain(encoded)
    expect(object.metadata.name).toBe('bootstrap-token-abc123')
  })

  test('the expiration has no fraction of a second', () => {
    const { data } = bootstrapTokenSecret(token).object as unknown as { data: Record<string, string> }
    expect(Buffer.from(data['expiration'] ?? '', 'base64').toString()).toBe('2030-01-02T03:04:05Z')
  })

  test('an id or secret of another form is refused, without quoting the secret', () => {
    expect(() => bootstrapTokenSecret({ ...token, id: 'ABC123' })).toThrow('"ABC123" is no id of a bootstrap token')
    expect(() => bootstrapTokenSecret({ ...token, secret: new Secret('short') })).toThrow(/^(?!.*short)/)
  })
})

describe('CoreDNS', () => {
  test('prefers workers where there are some', () => {
    expect(affinity([controlPlane, worker])).toContain('nodeAffinity')
    expect(affinity([controlPlane])).not.toContain('nodeAffinity')
  })

  test('a control plane that is a worker as well is no better place', () => {
    expect(affinity([{ ...controlPlane, roles: ['control-plane', 'worker'] }])).not.toContain('nodeAffinity')
  })

  test('has the replicas of the inventory', () => {
    const objects = corednsObjects({ ...defaultCluster(), dns: { replicas: 3 } })
    expect(objects.find(({ kind }) => kind === 'Deployment')).toMatchObject({ spec: { replicas: 3 } })
  })
})

describe('kube-proxy', () => {
  test.each(['iptables', 'nftables', 'ipvs'] as const)('runs in the mode %s', (mode) => {
    const cluster = { ...defaultCluster(), kubeProxy: { mode, config: {}, patches: [] } }
    expect(kubeProxyConfiguration(cluster, view)).toMatchObject({ mode, bindAddress: '0.0.0.0' })
  })

  test("the inventory's fields are merged over the configuration", () => {
    const config = { conntrack: { maxPerCore: 0 }, clientConnection: { qps: 50 } }
    const cluster = { ...defaultCluster(), kubeProxy: { mode: 'iptables', config, patches: [] } } as const
    expect(kubeProxyConfiguration(cluster, view)).toMatchObject({
      conntrack: { maxPerCore: 0 },
      clientConnection: { qps: 50, kubeconfig: '/var/lib/kube-proxy/kubeconfig.conf' },
    })
  })

  test('patches change the DaemonSet', () => {
    const patches = [{ type: 'merge', patch: { spec: { minReadySeconds: 5 } } }] as const
    const cluster = { ...defaultCluster(), kubeProxy: { mode: 'iptables', config: {}, patches } } as const
    const daemonSet = kubeProxyObjects(cluster, view).find(({ kind }) => kind === 'DaemonSet')
    expect(daemonSet).toMatchObject({ spec: { minReadySeconds: 5 } })
  })
})
