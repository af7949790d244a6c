import type { Cluster, Host, Patch, StaticPodOptions } from '../../src/inventory/cluster.ts'
import { packageRoot } from '../../src/package.ts'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseYaml } from '../../src/render/yaml.ts'
import { parse } from 'yaml'

/** Where the files are that the real kubeadm wrote. */
export const goldenDirectory = join(packageRoot, 'test', 'golden', 'kubeadm')

/** What is special about one of kubeadm's configurations in `test/golden/kubeadm/config/`. */
export interface Scenario {
  readonly name: string
  readonly cluster: Cluster
  readonly host: Host
  readonly nodeIP: string
  /** Of an etcd that is not on the control plane. */
  readonly etcdServers?: readonly string[]
}

const nothing: StaticPodOptions = { extraArgs: [], extraEnvs: [], extraVolumes: [], files: [], patches: [] }

/** The directories of CAs that the root file system of the golden files has. */
export const caDirectories = ['/usr/share/ca-certificates', '/etc/ca-certificates']

/** A control plane with nothing special about it. */
export const controlPlane: Host = {
  name: 'cp1',
  roles: ['control-plane'],
  connection: 'ssh',
  ssh: {
    address: '10.89.5.11',
    port: undefined,
    user: undefined,
    identityFile: undefined,
    knownHostsFile: undefined,
    hostKey: undefined,
    bastion: undefined,
  },
  nodeIP: '10.89.5.11',
  interface: undefined,
  labels: {},
  taints: [{ key: 'node-role.kubernetes.io/control-plane', value: undefined, effect: 'NoSchedule' }],
  directories: { etcd: '/var/lib/etcd', containerd: '/var/lib/containerd', kubelet: '/var/lib/kubelet' },
  containerd: {
    criSocket: '/run/containerd/containerd.sock',
    restrictOomScoreAdj: false,
    limitNOFILE: 'infinity',
    limitMEMLOCK: 'infinity',
    registries: [],
    runtimes: [],
  },
  kubelet: { config: {}, extraArgs: [], patches: [] },
  selinux: 'leave',
  firewall: 'manage',
}

/** A worker with nothing special about it. */
export const worker: Host = { ...controlPlane, name: 'w1', roles: ['worker'], nodeIP: '10.89.5.21', taints: [] }

/** kubeadm's defaults as an inventory has them. */
export function defaultCluster(kubernetesVersion = '1.37.1', hosts: readonly Host[] = [controlPlane]): Cluster {
  return {
    name: 'test',
    inventory: { path: '/inventory.yaml', digest: '' },
    kubernetesVersion,
    controlPlaneEndpoint: { address: '10.89.5.11', port: 6443, provider: 'external', explicit: false },
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
    etcd: { ...nothing, serverCertSANs: [], peerCertSANs: [], external: undefined },
    apiServer: { ...nothing, certSANs: [] },
    controllerManager: nothing,
    scheduler: nothing,
    kubeProxy: { mode: 'iptables', config: {}, patches: [] },
    dns: { replicas: 2 },
    certificates: { validity: 365 * 86_400, caValidity: 3650 * 86_400, algorithm: 'RSA-2048' },
    artifacts: { source: 'bundle', path: '/bundle', url: undefined, delivery: 'push', images: 'artifacts' },
    preflight: { ignore: [] },
    hosts,
  }
}

/** The inventories that stand for kubeadm's configurations. */
export function scenarios(version: string): readonly Scenario[] {
  const standard = defaultCluster(version)
  return [
    { name: 'default', cluster: standard, host: controlPlane, nodeIP: '10.89.5.11' },
    dualStack(standard),
    custom(standard),
    externalEtcd(standard),
  ]
}

function dualStack(standard: Cluster): Scenario {
  const host = { ...controlPlane, nodeIP: 'fd00::11' }
  const networking = {
    ...standard.networking,
    podSubnets: ['fd01::/48', '10.244.0.0/16'],
    serviceSubnets: ['fd02::/108', '10.96.0.0/12'],
    dnsServiceIPs: ['fd02::a', '10.96.0.10'],
    nodeCIDRMaskSize: 64,
  }
  const endpoint = { ...standard.controlPlaneEndpoint, address: 'fd00::11' }
  const cluster = { ...standard, networking, controlPlaneEndpoint: endpoint, hosts: [host] }
  return { name: 'dual-stack', cluster, host, nodeIP: 'fd00::11' }
}

function custom(standard: Cluster): Scenario {
  const { kubernetesVersion } = standard
  const host: Host = {
    ...controlPlane,
    name: 'master-1',
    taints: [],
    directories: { ...controlPlane.directories, etcd: '/data/etcd' },
    containerd: { ...controlPlane.containerd, criSocket: '/run/other.sock' },
    kubelet: {
      config: { failCgroupV1: false, maxPods: 60, evictionHard: { 'memory.available': '300Mi' } },
      extraArgs: flags('v=4', 'node-ip=10.89.5.11'),
      patches: [patch('strategic', 'kubeletconfiguration0+strategic')],
    },
  }
  const cluster: Cluster = {
    ...standard,
    ...customComponents(),
    controlPlaneEndpoint: { address: 'api.example.com', port: 8443, provider: 'external', explicit: true },
    networking: {
      podSubnets: ['10.200.0.0/16'],
      serviceSubnets: ['10.100.0.0/16'],
      dnsDomain: 'lab.example',
      dnsServiceIPs: ['10.100.0.10'],
      apiServiceIPs: ['10.100.0.1'],
      nodeCIDRMaskSize: 25,
    },
    imageRepositories: { 'registry.k8s.io': 'mirror.local/k8s' },
    kubeProxy: {
      mode: 'nftables',
      config: { metricsBindAddress: '0.0.0.0:10249', conntrack: { maxPerCore: 0, min: 0 } },
      // kubeadm 1.36 cannot patch it.
      patches: kubernetesVersion.startsWith('1.36.') ? [] : [patch('strategic', 'kubeproxydaemonset0+strategic')],
    },
    certificates: { validity: 4380 * 3600 + 1800, caValidity: 43_800 * 3600, algorithm: 'ECDSA-P256' },
    hosts: [host],
  }
  return { name: 'custom', cluster, host, nodeIP: '10.89.5.11' }
}

function externalEtcd(standard: Cluster): Scenario {
  const etcdServers = ['https://10.89.5.31:2379', 'https://etcd2.example.com:2379']
  const external = { endpoints: etcdServers, caCertificate: 'the CA', certificate: 'ours', keyFile: '/etcd.key' }
  const cluster = { ...standard, etcd: { ...standard.etcd, external } }
  return { name: 'external-etcd', cluster, host: controlPlane, nodeIP: '10.89.5.11', etcdServers }
}

function customComponents(): Pick<Cluster, 'etcd' | 'apiServer' | 'controllerManager' | 'scheduler'> {
  return {
    etcd: {
      ...nothing,
      serverCertSANs: ['etcd.example.com'],
      peerCertSANs: ['192.0.2.8'],
      external: undefined,
      extraArgs: flags(
        'listen-metrics-urls=https://10.89.5.11:2391,http://127.0.0.1:2381',
        'quota-backend-bytes=4294967296',
        'advertise-client-urls=https://192.0.2.9:2379',
      ),
      extraEnvs: flags('GOMAXPROCS=2'),
      patches: [patch('merge', 'etcd0+merge')],
    },
    apiServer: {
      certSANs: ['api.example.com', '192.0.2.7'],
      extraArgs: flags(
        'enable-admission-plugins=NodeRestriction,AlwaysPullImages',
        'audit-policy-file=/etc/kubernetes/audit/policy.yaml',
        'service-account-issuer=https://new.example',
        'service-account-issuer=https://old.example',
      ),
      extraEnvs: flags('GOGC=50', 'AZURE=x y'),
      extraVolumes: [volume('audit-log', '/var/log/kubernetes', 'DirectoryOrCreate')],
      files: [{ path: '/etc/kubernetes/audit/policy.yaml', content: 'kind: Policy', mode: 0o600 }],
      patches: [patch('strategic', 'kube-apiserver0+strategic'), patch('json', 'kube-apiserver1+json')],
    },
    controllerManager: { ...nothing, extraArgs: flags('bind-address=0.0.0.0') },
    scheduler: {
      ...nothing,
      extraArgs: flags('bind-address=10.89.5.11', 'config=/etc/kubernetes/scheduler.yaml'),
      extraVolumes: [volume('plain', '/srv/plain', '')],
      files: [{ path: '/etc/kubernetes/scheduler.yaml', content: 'kind: X', mode: 0o600 }],
    },
  }
}

function flags(...texts: readonly string[]): readonly { readonly name: string; readonly value: string }[] {
  return texts.map((text) => ({ name: text.slice(0, text.indexOf('=')), value: text.slice(text.indexOf('=') + 1) }))
}

function volume(
  name: string,
  path: string,
  pathType: '' | 'DirectoryOrCreate',
): StaticPodOptions['extraVolumes'][number] {
  return { name, hostPath: path, mountPath: path, readOnly: false, pathType }
}

// The very files that kubeadm applied.
function patch(type: Patch['type'], name: string): Patch {
  const text = readFileSync(join(goldenDirectory, 'config', 'custom-patches', `${name}.yaml`), 'utf8')
  return { type, patch: type === 'json' ? (parse(text) as unknown) : parseYaml(text, name) }
}
