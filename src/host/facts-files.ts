import { sh } from '../transport/command.ts'
import { filesOf, filesSection, isObject, jsonOf, linesOf, section, textOf, type Part } from './facts-sections.ts'
import type { ClusterRecord, HostState, InstalledFile, OperationRecord } from './facts.ts'

const stateDirectory = '/var/lib/kubewright'
const recordFiles = ['cluster.json', 'operation.json', 'installed.ndjson'].map((name) => `${stateDirectory}/${name}`)

/** What `/var/lib/kubewright` says; a record that cannot be read counts as none. */
export const state: Part<HostState> = {
  script: () => filesSection('state', recordFiles),
  parse(sections) {
    const files = filesOf(sections, 'state')
    const [cluster, operation, installed] = recordFiles.map((path) => files.get(path))
    return {
      cluster: clusterRecord(jsonOf(cluster)),
      operation: operationRecord(jsonOf(operation)),
      installed: installedFiles(installed ?? ''),
    }
  },
}

function clusterRecord(value: unknown): ClusterRecord | undefined {
  if (!isObject(value) || typeof value['id'] !== 'string' || typeof value['name'] !== 'string') return undefined
  const optional = ['inventory', 'appliedBy', 'appliedAt', 'proof'] as const
  const entries = optional.flatMap((key) => (typeof value[key] === 'string' ? [[key, value[key]] as const] : []))
  return { id: value['id'], name: value['name'], ...Object.fromEntries(entries) }
}

function operationRecord(value: unknown): OperationRecord | undefined {
  if (!isObject(value) || typeof value['id'] !== 'string') return undefined
  return {
    id: value['id'],
    playbook: textOf(value['playbook']),
    inventory: textOf(value['inventory']),
    program: textOf(value['program']),
    startedBy: textOf(value['startedBy']),
    startedAt: textOf(value['startedAt']),
  }
}

/** One record a line; the last line of a path counts. A line that a crash cut short is no record. */
function installedFiles(text: string): Readonly<Record<string, InstalledFile>> {
  const files = text.split('\n').flatMap((line) => {
    const value = jsonOf(line)
    if (!isObject(value) || typeof value['path'] !== 'string') return []
    const file = { sha256: textOf(value['sha256']), stat: textOf(value['stat']), name: textOf(value['name']) }
    return [[value['path'], file] as const]
  })
  return Object.fromEntries(files)
}

/** kubeadm's list: an API server that trusts the host's authorities needs these directories mounted. */
const caDirectories = [
  '/etc/pki/ca-trust',
  '/etc/pki/tls/certs',
  '/etc/ca-certificates',
  '/usr/share/ca-certificates',
  '/usr/local/share/ca-certificates',
]

const criSockets = [
  '/run/containerd/containerd.sock',
  '/run/crio/crio.sock',
  '/run/cri-dockerd.sock',
  '/run/docker.sock',
  '/run/k3s/containerd/containerd.sock',
]

const packageManagers = { apt: '/usr/bin/apt-get', dnf: '/usr/bin/dnf' } as const

/** What is known from the mere existence of files. */
export interface Existing {
  readonly packageManager: 'apt' | 'dnf' | undefined
  readonly caDirectories: readonly string[]
  readonly selinuxConfigured: boolean
  readonly systemd: boolean
  readonly manifests: readonly string[]
  readonly cniConfigurations: readonly string[]
  readonly etcdData: boolean
  readonly kubernetesFiles: readonly string[]
  readonly criSockets: readonly string[]
  readonly links: readonly string[]
}

/** Looks which paths exist, with nothing but the shell. */
export const existing: Part<Existing> = {
  script: ({ directories, containerd }) =>
    section(
      'paths',
      sh`for path in ${caDirectories} ${criSockets} ${containerd.criSocket} ${Object.values(packageManagers)} \
  /etc/selinux/config /run/systemd/system /sys/class/net/* /etc/cni/net.d/* /etc/kubernetes/manifests/* \
  /etc/kubernetes/*.conf /etc/kubernetes/pki/*.* /etc/kubernetes/pki/etcd/* /var/lib/cni/networks/cbr0 \
  ${directories.etcd}/* /var/lib/kubelet/*.yaml /var/lib/kubelet/kubeadm-flags.env /var/lib/kubelet/pki/*
do if [ -e "$path" ]; then printf '%s\n' "$path"; fi; done`,
    ),
  parse(sections, { directories, containerd }) {
    const paths = linesOf(sections, 'paths')
    const present = new Set(paths)
    const below = (directory: string): readonly string[] => paths.filter((path) => path.startsWith(`${directory}/`))
    const namesIn = (directory: string): readonly string[] =>
      below(directory).map((path) => path.slice(directory.length + 1))
    const manager = Object.entries(packageManagers).find(([, path]) => present.has(path))?.[0]
    const manifests = namesIn('/etc/kubernetes/manifests')
    return {
      packageManager: manager as Existing['packageManager'],
      caDirectories: caDirectories.filter((path) => present.has(path)),
      selinuxConfigured: present.has('/etc/selinux/config'),
      systemd: present.has('/run/systemd/system'),
      manifests,
      cniConfigurations: namesIn('/etc/cni/net.d'),
      // A disk of its own starts with this directory.
      etcdData: namesIn(directories.etcd).some((name) => name !== 'lost+found'),
      kubernetesFiles: ['/etc/kubernetes', '/var/lib/kubelet', '/var/lib/cni/networks']
        .flatMap(below)
        .filter((path) => !path.startsWith('/etc/kubernetes/manifests/')),
      criSockets: [...new Set([...criSockets, containerd.criSocket])].filter((path) => present.has(path)),
      links: namesIn('/sys/class/net'),
    }
  },
}
