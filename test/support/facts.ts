import type { Artifact, ArtifactIndex } from '../../src/artifacts/artifact.ts'
import type { Facts, HostState, Survey } from '../../src/host/facts.ts'
import type { CalicoOptions, Cluster, Host } from '../../src/inventory/cluster.ts'
import type { Observed, ObservedNode } from '../../src/kubernetes/observed.ts'
import type { Context } from '../../src/tasks/context.ts'

const GiB = 1024 ** 3

/** A host of the inventory: control plane `cp1` at 10.89.5.11 unless the overrides say otherwise. */
export function hostOf(overrides: Partial<Host> = {}): Host {
  return {
    name: 'cp1',
    roles: ['control-plane'],
    connection: 'ssh',
    ssh: {
      address: '10.89.5.11',
      port: undefined,
      user: 'admin',
      identityFile: undefined,
      knownHostsFile: undefined,
      hostKey: undefined,
      bastion: undefined,
    },
    nodeIP: undefined,
    interface: undefined,
    labels: {},
    taints: [],
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
    ...overrides,
  }
}

/** A worker: `hostOf` with a name, role and address of its own. */
export function workerOf(name: string, address: string, overrides: Partial<Host> = {}): Host {
  const host = hostOf()
  return { ...host, name, roles: ['worker'], ssh: { ...host.ssh, address }, ...overrides }
}

/** Calico as the inventory's defaults give it. */
export const calicoOptions: CalicoOptions = {
  name: 'calico',
  encapsulation: 'vxlan',
  mtu: undefined,
  vni: 4096,
  port: 4789,
  blockSize: 26,
  ipv6BlockSize: 122,
  typhaNodes: 50,
}

/** A cluster of one control plane with Flannel, as the inventory's defaults give it. */
export function clusterOf(overrides: Partial<Cluster> = {}): Cluster {
  const pod = { extraArgs: [], extraEnvs: [], extraVolumes: [], files: [], patches: [] }
  return {
    name: 'lab',
    inventory: { path: '/inventory.yaml', digest: 'f'.repeat(64) },
    kubernetesVersion: '1.37.1',
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
    etcd: { ...pod, serverCertSANs: [], peerCertSANs: [], external: undefined },
    apiServer: { ...pod, certSANs: [] },
    controllerManager: pod,
    scheduler: pod,
    kubeProxy: { mode: 'iptables', config: {}, patches: [] },
    dns: { replicas: 2 },
    certificates: { validity: 31_536_000, caValidity: 315_360_000, algorithm: 'RSA-2048' },
    artifacts: { source: 'bundle', path: '/bundle', url: undefined, delivery: 'push', images: 'artifacts' },
    preflight: { ignore: [] },
    hosts: [hostOf()],
    ...overrides,
  }
}

const kernelModules =
  'overlay br_netfilter nf_conntrack nf_tables nft_compat ip_tables ip_set vxlan wireguard ip_vs ip_vs_rr ip_vs_wrr ip_vs_sh'

/** Every kernel ability that an installation asks for, loaded. */
export const ableKernel: Survey['kernelAbilities'] = Object.fromEntries(
  kernelModules.split(' ').map((name) => [name, 'loaded']),
)

function surveyOf(overrides: Partial<Survey>): Survey {
  const disk = {
    mount: '/',
    device: '/dev/vda1',
    free: 40 * GiB,
    total: 60 * GiB,
    freeInodes: 1_000_000,
    writable: true,
  }
  const paths = [
    '/',
    '/etc',
    '/opt',
    '/usr/bin',
    '/usr/local',
    '/var/lib',
    '/var/lib/etcd',
    '/var/lib/containerd',
    '/var/lib/kubelet',
  ]
  return {
    listening: [{ address: '0.0.0.0', port: 22, process: 'sshd' }],
    datagrams: [{ address: '127.0.0.1', port: 323, process: 'chronyd' }],
    disks: paths.map((path) => ({ path, ...disk })),
    swaps: [],
    kernelAbilities: ableKernel,
    manifests: [],
    cniConfigurations: [],
    etcdData: false,
    kubernetesFiles: [],
    links: ['lo', 'eth0'],
    units: {},
    kubelet: { flags: '', certificate: '' },
    programs: {},
    criSockets: [],
    vxlans: [],
    nameservers: ['10.89.5.1'],
    systemd: true,
    rootShared: true,
    ...overrides,
  }
}

/** What {@link factsOf} takes: survey and state are merged into those of a bare host. */
export type FactsOverrides = Partial<Omit<Facts, 'survey' | 'state'>> & {
  readonly survey?: Partial<Survey>
  readonly state?: Partial<HostState>
}

/** Facts of a bare Debian 12 host that can become any node: `cp1`, 10.89.5.11 on eth0. */
export function factsOf(overrides: FactsOverrides = {}): Facts {
  const { survey, state, ...rest } = overrides
  const nodeIP = rest.nodeIP ?? '10.89.5.11'
  const mac = `02:00:00:00:00:${nodeIP.split('.').at(-1)?.padStart(2, '0').slice(-2) ?? '01'}`
  return {
    hostname: 'cp1',
    machineId: `machine-${nodeIP}`,
    productUuid: undefined,
    os: { id: 'debian', versionId: '12', like: [], name: 'Debian GNU/Linux 12 (bookworm)' },
    architecture: 'amd64',
    kernel: '6.1.0-30-amd64',
    cpus: 4,
    memoryBytes: 8 * GiB,
    cgroupVersion: 2,
    cgroupControllers: ['cpuset', 'cpu', 'io', 'memory', 'hugetlb', 'pids'],
    clockOffset: 0,
    addresses: [{ interface: 'eth0', address: nodeIP, prefix: 24, mac, lasting: true }],
    routes: [
      { destination: 'default', interface: 'eth0' },
      { destination: '10.89.5.0/24', interface: 'eth0' },
    ],
    interface: 'eth0',
    mtu: 1500,
    packageManager: 'apt',
    resolvConf: '/etc/resolv.conf',
    caDirectories: ['/etc/ca-certificates', '/usr/local/share/ca-certificates', '/usr/share/ca-certificates'],
    selinux: 'absent',
    ...rest,
    nodeIP,
    survey: surveyOf(survey ?? {}),
    state: { cluster: undefined, operation: undefined, installed: {}, ...state },
  }
}

/** No cluster yet. */
export function observedOf(overrides: Partial<Observed> = {}): Observed {
  return {
    exists: false,
    api: 'absent',
    authorities: {},
    serviceAccountPublicKey: undefined,
    nodes: [],
    kubernetesVersion: undefined,
    clusterConfiguration: undefined,
    living: undefined,
    cnis: [],
    network: undefined,
    controlPlanes: [],
    etcdHosts: [],
    externalEtcd: [],
    ...overrides,
  }
}

/** A Ready node of the API. */
export function nodeOf(name: string, overrides: Partial<ObservedNode> = {}): ObservedNode {
  return {
    name,
    ready: true,
    kubeletVersion: '1.37.1',
    internalIPs: ['10.89.5.11'],
    podCIDRs: ['10.244.0.0/24'],
    controlPlane: false,
    unschedulable: false,
    ...overrides,
  }
}

/** An index that has every artifact, under made-up checksums. */
export const completeArtifacts: ArtifactIndex = {
  digest: 'a'.repeat(64),
  zstd: false,
  has: () => true,
  findImage: (reference, architecture) => ({
    ...completeArtifacts.find(reference, '', architecture),
    kind: 'image',
    image: reference,
  }),
  find: (name, version, architecture): Artifact => ({
    name,
    version,
    architecture,
    kind: name.includes('/') ? 'image' : 'binary',
    sha256: Buffer.from(`${name}${version}`).toString('hex').padEnd(64, '0').slice(0, 64),
    size: 1024,
    from: { file: `/bundle/${architecture}/${name}-${version}` },
    image: name.includes('/') ? `${name}:${version}` : undefined,
    member: undefined,
  }),
}

/** A task's context on the first host of the cluster, with that host's facts as the whole fleet and run unless they are given. */
export function contextOf(overrides: Partial<Context> = {}): Context {
  const cluster = overrides.cluster ?? clusterOf({ hosts: [overrides.host ?? hostOf()] })
  const host = overrides.host ?? cluster.hosts[0] ?? hostOf()
  const facts = overrides.facts ?? factsOf({ hostname: host.name })
  return {
    observed: observedOf(),
    artifacts: completeArtifacts,
    manifests: new Map(),
    secrets: new Map(),
    now: new Date('2026-10-01T12:00:00Z'),
    deep: false,
    ...overrides,
    cluster,
    host,
    facts,
    fleet: overrides.fleet ?? new Map([[host.name, facts]]),
    run: overrides.run ?? [...(overrides.fleet?.keys() ?? [host.name])],
  }
}
