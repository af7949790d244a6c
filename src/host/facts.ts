/** What a host is: read once, before planning, in one execution; never changed. */
export interface Facts {
  readonly hostname: string
  readonly machineId: string
  readonly productUuid: string | undefined
  readonly os: OperatingSystem
  /** As Go and Kubernetes spell it: `amd64`, `arm64`; other machines as `uname -m` says. */
  readonly architecture: string
  readonly kernel: string
  readonly cpus: number
  readonly memoryBytes: number
  readonly cgroupVersion: 1 | 2
  /** Controllers of the cgroup hierarchy that are enabled: `pids`, `memory`, ... */
  readonly cgroupControllers: readonly string[]
  /** Seconds by which the host's clock is ahead of the control machine's; the round trip is taken into account. */
  readonly clockOffset: number
  readonly addresses: readonly InterfaceAddress[]
  readonly routes: readonly Route[]
  /** The address that the node registers, and its interface. */
  readonly nodeIP: string
  readonly interface: string
  readonly mtu: number
  readonly packageManager: 'apt' | 'dnf' | undefined
  /** `/run/systemd/resolve/resolv.conf` where systemd-resolved runs, else `/etc/resolv.conf`. */
  readonly resolvConf: string
  /** Which of the host's CA directories exist, for the API server's mounts (kubeadm's list). */
  readonly caDirectories: readonly string[]
  readonly selinux: 'absent' | 'disabled' | 'permissive' | 'enforcing'
  /** What the preflight checks look at; see `src/tasks/preflight/`. */
  readonly survey: Survey
  readonly state: HostState
}

export interface OperatingSystem {
  readonly id: string
  readonly versionId: string
  readonly like: readonly string[]
  readonly name: string
}

export interface InterfaceAddress {
  readonly interface: string
  readonly address: string
  readonly prefix: number
  readonly mac: string
}

export interface Route {
  readonly destination: string
  readonly interface: string
}

/** Raw observations for preflight. */
export interface Survey {
  /** Listening TCP ports with the name of the process where it is known. */
  readonly listening: readonly { readonly port: number; readonly process: string | undefined }[]
  /** Free and total bytes of the file system that holds each path (the nearest existing parent). */
  readonly disks: readonly { readonly path: string; readonly free: number; readonly total: number; readonly writable: boolean }[]
  /** Active swap devices or files. */
  readonly swaps: readonly string[]
  /** Kernel abilities by name: `overlay`, `br_netfilter`, `vxlan`, `nf_tables`, `ip_vs`, `nf_conntrack`, ...; built in, loaded or loadable. */
  readonly kernelAbilities: Readonly<Record<string, 'builtin' | 'loaded' | 'loadable' | 'missing'>>
  /** File names of these directories, empty when the directory is absent. */
  readonly manifests: readonly string[]
  readonly cniConfigurations: readonly string[]
  readonly etcdData: boolean
  readonly links: readonly string[]
  /** Units by name with their state, of those that matter: containerd, docker, cri-o, kubelet, firewalld, ufw, nftables, time services. */
  readonly units: Readonly<Record<string, { readonly active: string; readonly enabled: string; readonly fragment: string }>>
  /** Versions of programs that are there: containerd, runc, dockerd. */
  readonly programs: Readonly<Record<string, { readonly path: string; readonly version: string }>>
  /** Sockets of container runtimes that exist. */
  readonly criSockets: readonly string[]
}

/** What `/var/lib/kubewright` says. */
export interface HostState {
  /** Identity of the cluster that owns the host. */
  readonly cluster: ClusterRecord | undefined
  /** An operation that was begun and not ended. */
  readonly operation: OperationRecord | undefined
  /** Files that we installed, by path. */
  readonly installed: Readonly<Record<string, InstalledFile>>
}

export interface ClusterRecord {
  readonly id: string
  readonly name: string
  /** Digest of the inventory that was applied last, by whom and when (ISO 8601). */
  readonly inventory?: string | undefined
  readonly appliedBy?: string | undefined
  readonly appliedAt?: string | undefined
  /** Digest of the desired state for which the proof at the end of `apply` was seen to hold. */
  readonly proof?: string | undefined
}

export interface OperationRecord {
  readonly id: string
  readonly playbook: string
  readonly inventory: string
  readonly program: string
  readonly startedBy: string
  readonly startedAt: string
}

export interface InstalledFile {
  readonly sha256: string
  /** `size ctime inode`, as `stat -c '%s %Z %i'` prints them. */
  readonly stat: string
  readonly name: string
}
