import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { observedScript, parseObserved } from '../../src/kubernetes/observed-script.ts'
import { clusterOf, hostOf } from '../support/facts.ts'

const pem = (name: string) => `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----\n`
const pki = '/etc/kubernetes/pki'

interface Output {
  readonly public?: Readonly<Record<string, string>>
  readonly paths?: readonly string[]
  readonly flags?: readonly string[]
  readonly objects?: readonly string[]
  readonly version?: unknown
  readonly configuration?: unknown
  readonly led?: number
  readonly etcd?: string
}

function outputOf({
  public: files = {},
  paths = [],
  flags = [],
  objects,
  version,
  configuration,
  led,
  etcd = '',
}: Output): string {
  const sections = {
    public: Object.entries(files)
      .map(([path, text]) => `==> ${path} <==\n${text}`)
      .join('\n'),
    paths: paths.join('\n'),
    flags: flags.join('\n'),
    configuration: JSON.stringify(configuration),
    version: JSON.stringify(version),
    objects: objects?.join('\n') ?? '',
    led: led?.toString() ?? '',
    etcd,
  }
  return Object.entries(sections)
    .map(([name, body]) => `\n\u001eobserved.${name}\n${body ?? ''}\n`)
    .join('')
}

function observed(...outputs: readonly Output[]) {
  return parseObserved(new Map(outputs.map((output, index) => [`cp${index + 1}`, outputOf(output)])))
}

const node = [
  'Node',
  'cp1',
  'v1.37.1',
  'True',
  '10.89.5.11 fd00::11',
  '["10.244.0.0/24"]',
  'true',
  '{"node-role.kubernetes.io/control-plane":""}',
].join('\t')
const worker = ['Node', 'worker1', 'v1.36.4', 'Unknown', '10.89.5.12', '', '', '{}'].join('\t')

describe('a cluster', () => {
  test('is absent where no control plane has anything', () => {
    expect(observed({})).toMatchObject({ exists: false, api: 'absent', authorities: {}, nodes: [] })
  })

  test('is absent, but not nothing, where only an authority has been put', () => {
    expect(observed({ public: { [`${pki}/ca.crt`]: pem('a') } })).toMatchObject({ exists: true, api: 'absent' })
  })

  test('is unknown where there is data of etcd and no answer', () => {
    expect(observed({ paths: ['/var/lib/etcd/member'] })).toMatchObject({ exists: true, api: 'unknown' })
  })

  test('is unknown when the API has answered only in part', () => {
    const half = observed({ paths: ['/var/lib/etcd/member'], objects: [node], version: { gitVersion: 'v1.37.1' } })
    expect(half).toMatchObject({ api: 'unknown', nodes: [], kubernetesVersion: undefined })
  })

  test('is up when one control plane answers for all', () => {
    const up = observed(
      { paths: ['/var/lib/etcd/member'] },
      { objects: [node, 'complete'], version: { gitVersion: 'v1.37.1' } },
    )
    expect(up).toMatchObject({ api: 'up', kubernetesVersion: '1.37.1' })
  })
})

test('nodes are read with what the engine asks of them', () => {
  expect(observed({ objects: [node, worker, 'complete'] }).nodes).toEqual([
    {
      name: 'cp1',
      ready: true,
      kubeletVersion: '1.37.1',
      internalIPs: ['10.89.5.11', 'fd00::11'],
      podCIDRs: ['10.244.0.0/24'],
      controlPlane: true,
      unschedulable: true,
    },
    {
      name: 'worker1',
      ready: false,
      kubeletVersion: '1.36.4',
      internalIPs: ['10.89.5.12'],
      podCIDRs: [],
      controlPlane: false,
      unschedulable: false,
    },
  ])
})

test('each control plane is known by what it has and by how alive it is', () => {
  const { controlPlanes } = observed(
    {
      paths: [
        '/var/lib/etcd/member',
        '/etc/kubernetes/manifests/kube-apiserver.yaml',
        '/etc/kubernetes/super-admin.conf',
      ],
      objects: [node, 'complete'],
      led: 1_795_000_000,
      etcd: 'aaa1, started, cp1, https://10.89.5.11:2380, https://10.89.5.11:2379, false\n',
    },
    {},
  )
  expect(controlPlanes).toEqual([
    {
      host: 'cp1',
      hasEtcdData: true,
      etcdElsewhere: [],
      apiServer: 'up',
      hasSuperAdmin: true,
      ledAt: 1_795_000_000,
      etcdMembers: [{ id: 'aaa1', name: 'cp1', peerURLs: ['https://10.89.5.11:2380'], learner: false }],
    },
    {
      host: 'cp2',
      hasEtcdData: false,
      apiServer: 'absent',
      etcdElsewhere: [],
      hasSuperAdmin: false,
      ledAt: 0,
      etcdMembers: undefined,
    },
  ])
})

test('an etcd elsewhere is known by the API server that is led to it', () => {
  const manifest = '/etc/kubernetes/manifests/kube-apiserver.yaml'
  const led = (servers: string) =>
    observed({ paths: [manifest], flags: [`${manifest}:--etcd-servers=${servers}`, `${manifest}:image: a:v1.37.1`] })
  expect(led('https://127.0.0.1:2379').controlPlanes[0]?.etcdElsewhere).toEqual([])
  const { controlPlanes, living } = led('https://10.89.5.31:2379,https://e2:2379')
  expect(controlPlanes[0]?.etcdElsewhere).toEqual(['https://10.89.5.31:2379', 'https://e2:2379'])
  expect(living?.kubernetesVersion).toBe('1.37.1')
})

test('hosts of etcd are no control planes, but hold its authority, and with data there is a cluster', () => {
  const onEtcdHost = outputOf({
    public: { [`${pki}/etcd/ca.crt`]: pem('etcd') },
    paths: ['/var/lib/etcd/member', `${pki}/etcd/ca.key`],
    etcd: 'aaa1, started, e1, https://10.89.5.31:2380, https://10.89.5.31:2379, false\n',
  })
  const parsed = parseObserved(new Map([['cp1', outputOf({})]]), new Map([['e1', onEtcdHost]]))
  expect(parsed.controlPlanes.map(({ host }) => host)).toEqual(['cp1'])
  expect(parsed.etcdHosts).toMatchObject([{ host: 'e1', hasEtcdData: true, etcdMembers: [{ name: 'e1' }] }])
  expect(parsed.authorities['etcd/ca']).toMatchObject({ keyOn: ['e1'], certificateOn: ['e1'] })
  expect(parsed).toMatchObject({ exists: true, api: 'unknown' })
})

test('networks are known by their DaemonSets', () => {
  const daemonSets = ['kube-proxy', 'calico-node', 'kube-flannel-ds'].map((name) => `DaemonSet\t${name}`)
  expect(observed({ objects: [...daemonSets, 'complete'] }).cnis).toEqual(['calico', 'flannel'])
})

test('the options that a network of ours was installed with are read from its DaemonSet', () => {
  const daemonSet = `DaemonSet\tkube-flannel-ds\t\t\t\t\t\t{"k8s-app":"flannel"}\t{"name":"flannel","backend":"host-gw"}`
  const others = 'DaemonSet\tcilium\t\t\t\t\t\t{}\t'
  expect(observed({ objects: [node, others, daemonSet, 'complete'] }).network).toEqual({
    name: 'flannel',
    backend: 'host-gw',
  })
  expect(observed({ objects: [node, others, 'complete'] }).network).toBeUndefined()
})

describe('authorities', () => {
  const files = { [`${pki}/ca.crt`]: pem('a'), [`${pki}/sa.pub`]: '-----BEGIN PUBLIC KEY-----\nk\n' }

  test('are known with the hosts that hold certificate and key', () => {
    const { authorities, serviceAccountPublicKey } = observed(
      { public: files },
      { public: files, paths: [`${pki}/ca.key`] },
    )
    expect(authorities).toEqual({
      ca: { certificate: pem('a'), certificateOn: ['cp1', 'cp2'], keyOn: ['cp2'], differsOn: [] },
    })
    expect(serviceAccountPublicKey).toContain('PUBLIC KEY')
  })

  test('that differ from the first are named', () => {
    const { authorities } = observed({ public: files }, { public: { [`${pki}/ca.crt`]: pem('b') } })
    expect(authorities['ca']).toMatchObject({ certificate: pem('a'), differsOn: ['cp2'] })
  })

  test('an empty file is no certificate', () => {
    expect(observed({ public: { [`${pki}/ca.crt`]: '' } }).authorities).toEqual({})
  })
})

describe('what the cluster was made with', () => {
  const configuration = {
    data: {
      ClusterConfiguration:
        'kubernetesVersion: v1.37.1\nnetworking: { dnsDomain: cluster.local, podSubnet: "10.244.0.0/16,fd00::/48", serviceSubnet: 10.96.0.0/12 }\n',
    },
  }
  const manifests = '/etc/kubernetes/manifests'
  const flags = [
    `${manifests}/kube-apiserver.yaml:image: registry.k8s.io/kube-apiserver:v1.36.4`,
    `${manifests}/kube-apiserver.yaml:--secure-port=7443`,
    `${manifests}/kube-apiserver.yaml:--service-cluster-ip-range=10.97.0.0/16`,
    `${manifests}/kube-apiserver.yaml:--service-account-issuer=https://kubernetes.default.svc.example.org`,
    `${manifests}/kube-controller-manager.yaml:--cluster-cidr=10.245.0.0/16`,
  ]

  test('is read from kubeadm-config', () => {
    const { living, clusterConfiguration } = observed({ objects: ['complete'], configuration, flags })
    expect(clusterConfiguration).toMatchObject({ kubernetesVersion: 'v1.37.1' })
    expect(living).toEqual({
      kubernetesVersion: '1.37.1',
      podSubnets: ['10.244.0.0/16', 'fd00::/48'],
      serviceSubnets: ['10.96.0.0/12'],
      dnsDomain: 'cluster.local',
      apiServerPort: 7443,
    })
  })

  test('is read from the static pods while the API is down', () => {
    expect(observed({ flags, paths: ['/var/lib/etcd/member'] }).living).toEqual({
      kubernetesVersion: '1.36.4',
      podSubnets: ['10.245.0.0/16'],
      serviceSubnets: ['10.97.0.0/16'],
      dnsDomain: 'example.org',
      apiServerPort: 7443,
    })
  })

  test('binds nothing as long as etcd has no data', () => {
    expect(observed({ flags }).living).toBeUndefined()
  })

  test('is unknown where kubeadm-config is broken', () => {
    const broken = { data: { ClusterConfiguration: '{ a: b: c' } }
    expect(observed({ objects: ['complete'], configuration: broken }).living).toBeUndefined()
  })
})

describe('the script', () => {
  let root = ''
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'kubewright-observed-'))
  })
  afterEach(() => rmSync(root, { recursive: true }))

  function write(path: string, content: string, mode = 0o644): void {
    const file = join(root, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content, { mode })
  }

  /** Runs it with everything below /etc/kubernetes and a kubectl of the test's own. */
  function run(): string {
    const host = hostOf({ directories: { ...hostOf().directories, etcd: join(root, 'etcd') } })
    const text = observedScript(host, clusterOf())
      .text.replaceAll('/etc/kubernetes', join(root, 'etc'))
      .replace('PATH=$PATH:', `PATH=${root}/bin:$PATH:`)
    return execFileSync('/bin/sh', ['-euc', text], { encoding: 'utf8' }).replaceAll(
      join(root, 'etc'),
      '/etc/kubernetes',
    )
  }

  test('finds nothing on a bare host', () => {
    expect(parseObserved(new Map([['cp1', run()]]))).toMatchObject({ exists: false, api: 'absent' })
  })

  test('takes a start of etcd that failed for no cluster', () => {
    write('etcd/member/snap/db', 'nothing')
    expect(parseObserved(new Map([['cp1', run()]])).exists).toBe(false)
    write('etcd/member/wal/0.wal', 'data')
    expect(parseObserved(new Map([['cp1', run()]]))).toMatchObject({
      exists: true,
      controlPlanes: [{ hasEtcdData: true }],
    })
  })

  test('never prints a key', () => {
    write('etc/pki/ca.crt', pem('a'))
    write('etc/pki/ca.key', 'SECRET')
    const output = run()
    expect(output).not.toContain('SECRET')
    expect(parseObserved(new Map([['cp1', output]])).authorities['ca']?.keyOn).toEqual(['cp1'])
  })

  test('asks the API server of the host itself, without a cache on its disk', () => {
    const endpoint = 'kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint'
    write('etc/manifests/kube-apiserver.yaml', `metadata:\n  annotations:\n    ${endpoint}: "[fd00::11]:6443"\n`)
    write('etc/admin.conf', 'x')
    write(
      'bin/kubectl',
      `#!/bin/sh
printf "%s\\n" "$*" >>"${root}/calls"
case "$*" in
  *'get nodes'*) printf 'Node\\tcp1\\tv1.37.1\\tTrue\\t\\t\\t\\t{}\\n' ;;
  *version*) printf '{"gitVersion": "v1.37.1"}' ;;
  *kubeadm-config*) printf '{"data": {"ClusterConfiguration": "kubernetesVersion: v1.37.1"}}' ;;
esac`,
      0o755,
    )
    expect(parseObserved(new Map([['cp1', run()]]))).toMatchObject({
      api: 'up',
      kubernetesVersion: '1.37.1',
      nodes: [{ name: 'cp1', ready: true }],
      living: { kubernetesVersion: '1.37.1' },
    })
    const calls = execFileSync('cat', [join(root, 'calls')], { encoding: 'utf8' })
    expect(calls.trim().split('\n')).toHaveLength(3)
    expect(calls.match(/--server https:\/\/\[fd00::11\]:6443/g)).toHaveLength(3)
    expect(calls.match(/--cache-dir \/dev\/null\/none/g)).toHaveLength(3)
  })
})
