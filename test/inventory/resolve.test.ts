import { expect, test } from 'vitest'
import { clusterOf, inventoryWith } from './support.ts'

test('the inventory of the lab becomes a cluster', async () => {
  const cluster = await clusterOf(
    inventoryWith(`\
  ssh: { user: admin, identityFile: ./id_ed25519, knownHostsFile: ./known_hosts }
  artifacts: { source: bundle, path: /x }
  containerd: { restrictOomScoreAdj: true, limitNOFILE: 20000 }
  kubelet: { config: { failCgroupV1: false } }
  kubeProxy: { config: { conntrack: { maxPerCore: 0, min: 0 } } }
  hosts:
    - { name: cp1, address: 10.89.5.11, roles: [control-plane] }
    - { name: w1, address: 10.89.5.12, nodeIP: 10.90.5.12, roles: [worker] }
`),
    { id_ed25519: '' },
  )
  expect(cluster).toMatchObject({
    name: 'lab',
    kubernetesVersion: '1.37.1',
    artifacts: { source: 'bundle', path: '/x', url: undefined, delivery: 'push', images: 'artifacts' },
    kubeProxy: { mode: 'iptables', config: { conntrack: { maxPerCore: 0, min: 0 } }, patches: [] },
  })
  expect(cluster.hosts.map(({ name, roles, nodeIP }) => [name, roles, nodeIP])).toEqual([
    ['cp1', ['control-plane'], undefined],
    ['w1', ['worker'], '10.90.5.12'],
  ])
  for (const { ssh, containerd, kubelet } of cluster.hosts) {
    expect(ssh).toMatchObject({ user: 'admin', identityFile: expect.stringMatching(/^\/.*\/id_ed25519$/) as string })
    expect(containerd).toMatchObject({ restrictOomScoreAdj: true, limitNOFILE: '20000' })
    expect(kubelet.config).toEqual({ failCgroupV1: false })
  }
})

test('the smallest inventory has kubeadm’s defaults', async () => {
  const cluster = await clusterOf(inventoryWith())
  expect(cluster).toMatchObject({
    controlPlaneEndpoint: { address: '192.0.2.11', port: 6443, provider: 'external', explicit: false },
    networking: {
      podSubnets: ['10.244.0.0/16'],
      serviceSubnets: ['10.96.0.0/12'],
      dnsDomain: 'cluster.local',
      dnsServiceIPs: ['10.96.0.10'],
      apiServiceIPs: ['10.96.0.1'],
      nodeCIDRMaskSize: 24,
    },
    cni: { name: 'flannel', backend: 'vxlan', mtu: undefined, vni: 1, port: 8472 },
    imageRepositories: {},
    proxy: undefined,
    apiServer: { extraArgs: [], extraEnvs: [], extraVolumes: [], files: [], patches: [], certSANs: [] },
    etcd: { serverCertSANs: [], peerCertSANs: [] },
    dns: { replicas: 2 },
    certificates: { validity: 31_536_000, caValidity: 315_360_000, algorithm: 'RSA-2048' },
    artifacts: { source: 'upstream', delivery: 'pull', images: 'registry' },
    preflight: { ignore: [] },
  })
})

test('IPv6 has its own defaults and one spelling', async () => {
  const { networking, controlPlaneEndpoint } = await clusterOf(
    inventoryWith(`\
  networking: { podSubnets: ['FD00:10:244::/56'], serviceSubnets: ['fd00:10:96:0::/112'] }
  hosts: [{ name: cp1, address: '2001:DB8::11', roles: [control-plane] }]
`),
  )
  expect(networking).toMatchObject({
    podSubnets: ['fd00:10:244::/56'],
    serviceSubnets: ['fd00:10:96::/112'],
    dnsServiceIPs: ['fd00:10:96::a'],
    apiServiceIPs: ['fd00:10:96::1'],
    nodeCIDRMaskSize: 64,
  })
  expect(controlPlaneEndpoint.address).toBe('2001:db8::11')
})

test('two families give two addresses of DNS', async () => {
  const { networking } = await clusterOf(
    inventoryWith(
      '  networking: { podSubnets: [10.244.0.0/16, "fd00:10:244::/56"], serviceSubnets: [10.96.0.0/16, "fd00:10:96::/112"] }\n',
    ),
  )
  expect(networking.dnsServiceIPs).toEqual(['10.96.0.10', 'fd00:10:96::a'])
})

test.each([
  ['its node IP', '{ name: cp1, address: 203.0.113.1, nodeIP: 192.0.2.1, roles: [control-plane] }', '192.0.2.1'],
  ['its address where that is an IP', '{ name: cp1, address: 203.0.113.1, roles: [control-plane] }', '203.0.113.1'],
  ['its name where only the host knows its IP', '{ name: cp1, roles: [control-plane] }', 'cp1'],
])('without an endpoint the first control plane is reached by %s', async (_, host, address) => {
  const { controlPlaneEndpoint } = await clusterOf(inventoryWith(`  hosts:\n    - { name: w1 }\n    - ${host}\n`))
  expect(controlPlaneEndpoint).toEqual({ address, port: 6443, provider: 'external', explicit: false })
})

test('an endpoint in the inventory is explicit', async () => {
  const { controlPlaneEndpoint } = await clusterOf(
    inventoryWith('  controlPlaneEndpoint: { address: api.example.com, port: 8443 }\n'),
  )
  expect(controlPlaneEndpoint).toEqual({ address: 'api.example.com', port: 8443, provider: 'external', explicit: true })
})

test('what a proxy must not carry is completed', async () => {
  const { proxy } = await clusterOf(
    inventoryWith(`\
  proxy: { http: 'http://proxy:3128', noProxy: [.example.com, localhost] }
  controlPlaneEndpoint: { address: api.lab }
  networking: { dnsDomain: k8s.lab }
  hosts:
    - { name: cp1, address: 203.0.113.1, nodeIP: 192.0.2.1, roles: [control-plane] }
    - { name: w1 }
`),
  )
  expect(proxy).toEqual({
    http: 'http://proxy:3128',
    https: undefined,
    noProxy: [
      '.example.com',
      'localhost',
      '127.0.0.0/8',
      '::1',
      '10.244.0.0/16',
      '10.96.0.0/12',
      '.svc',
      '.k8s.lab',
      'api.lab',
      'cp1',
      '203.0.113.1',
      '192.0.2.1',
      'w1',
    ],
  })
})

test('flags keep their order as a map and as a list, in which a name may repeat', async () => {
  const { apiServer, scheduler } = await clusterOf(
    inventoryWith(`\
  scheduler: { extraArgs: { v: '4', bind-address: 0.0.0.0 }, extraEnvs: { TZ: UTC } }
  apiServer:
    extraArgs:
      - { name: service-account-issuer, value: https://new }
      - { name: service-account-issuer, value: https://old }
`),
  )
  expect(scheduler.extraArgs).toEqual([
    { name: 'v', value: '4' },
    { name: 'bind-address', value: '0.0.0.0' },
  ])
  expect(scheduler.extraEnvs).toEqual([{ name: 'TZ', value: 'UTC' }])
  expect(apiServer.extraArgs.map(({ value }) => value)).toEqual(['https://new', 'https://old'])
})

test('files of this machine come with their content and mode', async () => {
  const { apiServer, hosts } = await clusterOf(
    inventoryWith(`\
  apiServer:
    files:
      - { source: files/audit.yaml, path: /etc/kubernetes/audit/policy.yaml }
      - { source: files/audit.yaml, path: /etc/kubernetes/audit/copy.yaml, mode: '0644' }
  containerd:
    registries:
      - host: registry.local:5000
        mirrors: [{ url: https://registry.local:5000, ca: ca.pem }]
        credentials: { username: pull, passwordEnv: REGISTRY_PASSWORD }
`),
    { 'files/audit.yaml': 'kind: Policy\n', 'ca.pem': 'PEM\n' },
  )
  expect(apiServer.files).toEqual([
    { path: '/etc/kubernetes/audit/policy.yaml', content: 'kind: Policy\n', mode: 0o600 },
    { path: '/etc/kubernetes/audit/copy.yaml', content: 'kind: Policy\n', mode: 0o644 },
  ])
  expect(hosts[0]?.containerd.registries).toEqual([
    {
      host: 'registry.local:5000',
      server: undefined,
      mirrors: [
        {
          url: 'https://registry.local:5000',
          capabilities: ['pull', 'resolve'],
          skipVerify: false,
          ca: 'PEM\n',
          overridePath: false,
        },
      ],
      credentials: { username: 'pull', passwordFile: undefined, passwordEnv: 'REGISTRY_PASSWORD' },
    },
  ])
})

test('a mirror is pulled from, and its URL has no trailing slash', async () => {
  const { artifacts } = await clusterOf(
    inventoryWith('  artifacts: { source: mirror, url: "https://mirror.lab/k8s/" }\n'),
  )
  expect(artifacts).toEqual({
    source: 'mirror',
    path: undefined,
    url: 'https://mirror.lab/k8s',
    delivery: 'pull',
    images: 'registry',
  })
})
