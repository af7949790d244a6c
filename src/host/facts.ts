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
  /** Not a privacy address or one that is about to go. */
  readonly lasting: boolean
}

export interface Route {
  readonly destination: string
  readonly interface: string
}

/** Raw observations for preflight. */
export interface Survey {
  readonly listening: readonly ListeningPort[]
  /** UDP ports; of the kernel's own, as WireGuard has them, no process is known. */
  readonly datagrams: readonly ListeningPort[]
  /** The file systems that hold the paths that we write to (each path's nearest existing parent). */
  readonly disks: readonly Disk[]
  /** Active swap devices or files. */
  readonly swaps: readonly string[]
  /** Kernel abilities by name: `overlay`, `br_netfilter`, `vxlan`, `nf_tables`, `ip_vs`, `nf_conntrack`, ...; a name that is not there is unknown. */
  readonly kernelAbilities: Readonly<Record<string, KernelAbility>>
  /** File names of these directories, empty when the directory is absent. */
  readonly manifests: readonly string[]
  readonly cniConfigurations: readonly string[]
  /** Whether etcd's data directory holds anything. */
  readonly etcdData: boolean
  /** Files of a cluster that exist below `/etc/kubernetes`, `/var/lib/kubelet` and `/var/lib/cni`, but for manifests. */
  readonly kubernetesFiles: readonly string[]
  readonly links: readonly string[]
  /** Units by name with their state, of those that matter: containerd, docker, cri-o, kubelet, firewalld, ufw, nftables, time services. */
  readonly units: Readonly<
    Record<string, { readonly active: string; readonly enabled: string; readonly fragment: string }>
  >
  /** Flags and client certificate (PEM) that the kubelet has; empty where it has none yet. */
  readonly kubelet: { readonly flags: string; readonly certificate: string }
  /** Versions of programs that are there: containerd, runc, dockerd. */
  readonly programs: Readonly<Record<string, { readonly path: string; readonly version: string }>>
  /** Sockets of container runtimes that exist. */
  readonly criSockets: readonly string[]
  readonly vxlans: readonly Vxlan[]
  /** Nameservers of {@link Facts.resolvConf}; undefined if there is no such file. */
  readonly nameservers: readonly string[] | undefined
  /** Whether systemd is the init system. */
  readonly systemd: boolean
  /** Whether mounts below `/` propagate; undefined if that could not be read. */
  readonly rootShared: boolean | undefined
}

/** A port that somebody listens on. */
export interface ListeningPort {
  /** `0.0.0.0` and `::` for all addresses. */
  readonly address: string
  readonly port: number
  /** Name of the process, where it is known; the kernel cuts it after 15 characters. */
  readonly process: string | undefined
}

/** `disabled`: modprobe's configuration forbids to load it. */
export type KernelAbility = 'builtin' | 'loaded' | 'loadable' | 'disabled' | 'missing'

/** A file system, as seen from one path. */
export interface Disk {
  readonly path: string
  readonly mount: string
  /** What is mounted: a device, `tmpfs`, `overlay`; several mounts of one device share their space. */
  readonly device: string
  /** Bytes. */
  readonly free: number
  readonly total: number
  /** Undefined where the file system has no fixed number of inodes. */
  readonly freeInodes: number | undefined
  readonly writable: boolean
}

/** A VXLAN interface. */
export interface Vxlan {
  readonly interface: string
  readonly vni: number
  /** UDP. */
  readonly port: number
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
