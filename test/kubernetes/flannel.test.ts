import { describe, expect, test } from 'vitest'
import type { FlannelOptions } from '../../src/inventory/cluster.ts'
import { flannelNetwork, flannelObjects, type FlannelCluster } from '../../src/kubernetes/flannel.ts'
import { inApplyOrder, objectName } from '../../src/kubernetes/object.ts'
import { defaultCluster } from './scenarios.ts'

// The shape of upstream's manifest, without what is not edited.
const manifest = `---
kind: ClusterRole
apiVersion: rbac.authorization.k8s.io/v1
metadata: { name: flannel }
---
kind: Namespace
apiVersion: v1
metadata: { name: kube-flannel }
---
kind: ConfigMap
apiVersion: v1
metadata: { name: kube-flannel-cfg, namespace: kube-flannel }
data:
  cni-conf.json: '{ "name": "cbr0" }'
  net-conf.json: '{ "Network": "10.244.0.0/16", "EnableNFTables": false, "New": 1, "Backend": { "Type": "vxlan" } }'
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: kube-flannel-ds, namespace: kube-flannel }
spec:
  template:
    metadata: { labels: { app: flannel } }
    spec:
      initContainers:
      - { name: install-cni-plugin, image: 'ghcr.io/flannel-io/flannel-cni-plugin:v1.0.0' }
      - { name: install-cni, image: 'ghcr.io/flannel-io/flannel:v0.1.0' }
      containers:
      - name: kube-flannel
        image: ghcr.io/flannel-io/flannel:v0.1.0
        args: [--ip-masq, --kube-subnet-mgr, --iface=eth0]
        resources: { requests: { cpu: 100m } }
        env: [{ name: POD_NAME, value: x }]
`

const options: FlannelOptions = { name: 'flannel', backend: 'vxlan', mtu: undefined, vni: 1, port: 8472 }
const server = 'https://[2001:db8::11]:6443'
const cluster: FlannelCluster = { ...defaultCluster(), cni: options }
const named = (kind: string) => ({ apiVersion: 'v1', kind, metadata: { name: 'x' } })
const withCni = (cni: Partial<FlannelOptions>): FlannelCluster => ({ ...cluster, cni: { ...options, ...cni } })
const withSubnets = (...podSubnets: readonly string[]): FlannelCluster => ({
  ...cluster,
  networking: { ...cluster.networking, podSubnets },
})

interface DaemonSet {
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly annotations: Readonly<Record<string, string>> }
      readonly spec: Readonly<Record<'containers' | 'initContainers', readonly Readonly<Record<string, unknown>>[]>>
    }
  }
}

function edited(of: FlannelCluster, kind: string): unknown {
  return flannelObjects(of, manifest, { server }).find((object) => object.kind === kind)
}

const template = (of: FlannelCluster) => (edited(of, 'DaemonSet') as DaemonSet).spec.template
const digest = (of: FlannelCluster) => template(of).metadata.annotations['kubewright.dev/inputs']
const flanneld = (of: FlannelCluster) => template(of).spec.containers[0]

describe('the network', () => {
  test("is the inventory's; what upstream has beside it stays", () => {
    const { data } = edited(withSubnets('10.200.0.0/16'), 'ConfigMap') as { data: Record<string, string> }
    expect(JSON.parse(data['net-conf.json'] ?? '')).toEqual({
      Network: '10.200.0.0/16',
      EnableNFTables: false,
      New: 1,
      Backend: { Type: 'vxlan', VNI: 1, Port: 8472 },
    })
    expect(data['cni-conf.json']).toBe('{ "name": "cbr0" }')
  })

  test.each([
    [withCni({ vni: 7, port: 4789, mtu: 1400 }), { Type: 'vxlan', VNI: 7, Port: 4789, MTU: 1400 }],
    [withCni({ backend: 'host-gw', mtu: 1400 }), { Type: 'host-gw' }],
    [withCni({ backend: 'wireguard', mtu: 1420 }), { Type: 'wireguard', MTU: 1420 }],
  ])('has the backend of the inventory (%#)', (of, backend) => {
    expect(flannelNetwork(of)['Backend']).toEqual(backend)
  })

  test('has both families, whichever comes first', () => {
    expect(flannelNetwork(withSubnets('fd01::/48', '10.244.0.0/16'))).toMatchObject({
      Network: '10.244.0.0/16',
      EnableIPv6: true,
      IPv6Network: 'fd01::/48',
    })
    expect(flannelNetwork(withSubnets('fd01::/48'))).toMatchObject({ EnableIPv4: false, IPv6Network: 'fd01::/48' })
  })

  test('speaks nftables when kube-proxy does', () => {
    const kubeProxy = { ...cluster.kubeProxy, mode: 'nftables' } as const
    expect(flannelNetwork({ ...cluster, kubeProxy })['EnableNFTables']).toBe(true)
  })
})

describe('the pods', () => {
  test("find the interface by the node's registered address, whatever it is called", () => {
    expect(flanneld(cluster)).toMatchObject({
      args: ['--ip-masq', '--kube-subnet-mgr', '--iface=$(NODE_IP)'],
      env: [
        { name: 'POD_NAME' },
        { name: 'NODE_IP', valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } },
        { name: 'KUBERNETES_SERVICE_HOST', value: '2001:db8::11' },
        { name: 'KUBERNETES_SERVICE_PORT', value: '6443' },
      ],
    })
  })

  test('are told the IPv6 address where that is the first of two', () => {
    expect(flanneld(withSubnets('fd01::/48', '10.244.0.0/16'))?.['args']).toContain('--public-ipv6=$(NODE_IP)')
    expect(flanneld(withSubnets('fd01::/48'))?.['args']).not.toContain('--public-ipv6=$(NODE_IP)')
  })

  test('have the images of the version table, from the mirror', () => {
    const { initContainers, containers } = template({
      ...cluster,
      imageRepositories: { 'ghcr.io': 'mirror/ghcr' },
    }).spec
    expect([...initContainers, ...containers].map(({ image }) => image)).toEqual([
      'mirror/ghcr/flannel-io/flannel-cni-plugin:v1.9.1-flannel1',
      'mirror/ghcr/flannel-io/flannel:v0.28.4',
      'mirror/ghcr/flannel-io/flannel:v0.28.4',
    ])
  })

  test('are made anew when the network changes, since flanneld does not read it again', () => {
    expect(digest(cluster)).toMatch(/^sha256:/)
    expect(digest(withCni({ mtu: 1400 }))).not.toBe(digest(cluster))
  })

  test("keep upstream's resources unless told otherwise", () => {
    expect(flanneld(cluster)?.['resources']).toEqual({ requests: { cpu: '100m' } })
    const [container] = (
      flannelObjects(cluster, manifest, { server, resources: { limits: { memory: '1Gi' } } }).at(
        -1,
      ) as unknown as DaemonSet
    ).spec.template.spec.containers
    expect(container?.['resources']).toEqual({ limits: { memory: '1Gi' } })
  })
})

test('namespaces come first, then the order is that of the manifest', () => {
  expect(flannelObjects(cluster, manifest, { server }).map(objectName)).toEqual([
    'Namespace kube-flannel',
    'ClusterRole flannel',
    'ConfigMap kube-flannel/kube-flannel-cfg',
    'DaemonSet kube-flannel/kube-flannel-ds',
  ])
  const kinds = inApplyOrder(['Pod', 'CustomResourceDefinition', 'Role', 'Namespace'].map(named)).map(
    ({ kind }) => kind,
  )
  expect(kinds).toEqual(['Namespace', 'CustomResourceDefinition', 'Pod', 'Role'])
})

test.each([
  ['name: kube-flannel-ds', 'name: flannel-ds', 'DaemonSet kube-flannel-ds'],
  ['kind: ConfigMap', 'kind: Secret', 'ConfigMap kube-flannel-cfg'],
  ['net-conf.json:', 'network.json:', 'a text net-conf.json in kube-flannel-cfg data'],
  ['\'{ "Network"', '\'not { "Network"', 'JSON in net-conf.json'],
  ['- name: kube-flannel\n', '- name: flanneld\n', 'container kube-flannel in kube-flannel-ds'],
  ['args: [', 'arguments: [', 'a list of texts args'],
  ['flannel-io/flannel-cni-plugin', 'someone/plugin', 'an image of Flannel in container install-cni-plugin'],
  ['initContainers:', 'others:', 'a list of mappings initContainers'],
])('a manifest with %j as %j is refused: there should be %s', (from, to, expected) => {
  expect(() => flannelObjects(cluster, manifest.replace(from, to), { server })).toThrow(
    `The manifest of Flannel is not as expected: there should be ${expected}`,
  )
})
