/**
 * The cluster as the program sees it: the inventory validated, defaulted and frozen. Every field is set unless its type says
 * otherwise, every path is absolute, and every host carries its own final settings (spec, then group, then host).
 */
export interface Cluster {
  readonly name: string
  readonly inventory: InventoryOrigin
  /** `1.37.1`, without `v`. */
  readonly kubernetesVersion: string
  readonly controlPlaneEndpoint: ControlPlaneEndpoint
  readonly networking: Networking
  readonly cni: Cni
  /** Upstream registry or repository prefix to the one that is used in its place: `registry.k8s.io` to `mirror.local/k8s`. */
  readonly imageRepositories: Readonly<Record<string, string>>
  readonly proxy: Proxy | undefined
  readonly etcd: StaticPodOptions & {
    readonly serverCertSANs: readonly string[]
    readonly peerCertSANs: readonly string[]
    /** The user's own etcd, in place of one that runs on hosts of the inventory. */
    readonly external: ExternalEtcd | undefined
  }
  readonly apiServer: StaticPodOptions & { readonly certSANs: readonly string[] }
  readonly controllerManager: StaticPodOptions
  readonly scheduler: StaticPodOptions
  readonly kubeProxy: KubeProxyOptions
  readonly dns: { readonly replicas: number }
  readonly certificates: CertificateOptions
  readonly artifacts: ArtifactOptions
  readonly preflight: { readonly ignore: readonly string[] }
  readonly hosts: readonly Host[]
}

export interface InventoryOrigin {
  /** Absolute path of the inventory file. */
  readonly path: string
  /** Hex sha256 of the inventory file together with the files that it names. */
  readonly digest: string
}

export interface ControlPlaneEndpoint {
  /**
   * A DNS name or an IP address; with `node-local` the loopback address, on which every node has an API server or a proxy. When
   * the inventory names none: the first control plane's node IP, or its SSH address where only facts tell the node IP; so look
   * at `explicit` first.
   */
  readonly address: string
  readonly port: number
  readonly provider: 'external' | 'node-local' | 'virtual-ip'
  /** Whether the inventory names it; kubeadm leaves `controlPlaneEndpoint` empty otherwise. */
  readonly explicit: boolean
}

export interface Networking {
  /** One, or one of each IP family. */
  readonly podSubnets: readonly string[]
  readonly serviceSubnets: readonly string[]
  readonly dnsDomain: string
  /** The tenth address of each service subnet. */
  readonly dnsServiceIPs: readonly string[]
  /** The first address of each service subnet: the `kubernetes` service. */
  readonly apiServiceIPs: readonly string[]
  /** Prefix length of each node's part of the first pod subnet; Kubernetes' default is 24 (IPv4) and 64 (IPv6). */
  readonly nodeCIDRMaskSize: number
}

export type Cni = FlannelOptions | CalicoOptions | OwnCni

export interface FlannelOptions {
  readonly name: 'flannel'
  readonly backend: 'vxlan' | 'host-gw' | 'wireguard'
  /** Undefined: flanneld takes the interface's MTU less the encapsulation's overhead. */
  readonly mtu: number | undefined
  /** VXLAN network identifier and UDP port; flannel's defaults are 1 and 8472. */
  readonly vni: number
  readonly port: number
}

export interface CalicoOptions {
  readonly name: 'calico'
  /** `none` and `ipip` need BGP between the nodes; the others need none. */
  readonly encapsulation: 'vxlan' | 'vxlan-cross-subnet' | 'ipip' | 'none'
  /** Undefined: the smallest MTU of the nodes' interfaces less the encapsulation's overhead. */
  readonly mtu: number | undefined
  /** VXLAN network identifier and UDP port; Calico's defaults are 4096 and 4789. */
  readonly vni: number
  readonly port: number
  /** Prefix length of the blocks of addresses that nodes take from the IPv4 and from the IPv6 pod subnet. */
  readonly blockSize: number
  readonly ipv6BlockSize: number
  /** Typha stands between the API and Calico on clusters of at least as many nodes. */
  readonly typhaNodes: number
}

/** The user brings a network. */
export interface OwnCni {
  readonly name: 'none'
}

export interface Proxy {
  readonly http: string | undefined
  readonly https: string | undefined
  /** Already completed by loopback, subnets, the DNS domain, the endpoint and all hosts. */
  readonly noProxy: readonly string[]
}

/** An extra flag, in the order of the inventory; a name given here replaces the default with that name. */
export interface ExtraArg {
  readonly name: string
  readonly value: string
}

export interface ExtraVolume {
  readonly name: string
  readonly hostPath: string
  readonly mountPath: string
  readonly readOnly: boolean
  readonly pathType: '' | 'DirectoryOrCreate' | 'Directory' | 'FileOrCreate' | 'File' | 'Socket'
}

/** A file of the control machine that is placed on the control planes and mounted into the pod (audit policy, scheduler configuration). */
export interface PlacedFile {
  /** Absolute path on the hosts, below `/etc/kubernetes`. */
  readonly path: string
  readonly content: string
  readonly mode: number
}

export interface StaticPodOptions {
  readonly extraArgs: readonly ExtraArg[]
  readonly extraEnvs: readonly ExtraArg[]
  readonly extraVolumes: readonly ExtraVolume[]
  readonly files: readonly PlacedFile[]
  readonly patches: readonly Patch[]
}

/** A change to a rendered object before it is written, as in kubeadm's `--patches`. */
export interface Patch {
  readonly type: 'merge' | 'json' | 'strategic'
  /** A JSON merge patch (or strategic merge patch), or the list of JSON patch operations. */
  readonly patch: unknown
}

/** An etcd that is there already, and the client certificate for it. */
export interface ExternalEtcd {
  /** Client URLs of its members. */
  readonly endpoints: readonly string[]
  /** PEM. */
  readonly caCertificate: string
  readonly certificate: string
  /** Absolute path on the control machine: the key is read when an action needs it. */
  readonly keyFile: string
}

export interface KubeProxyOptions {
  /** `none`: the user's own network makes services. */
  readonly mode: 'iptables' | 'nftables' | 'ipvs' | 'none'
  /** Merged over the KubeProxyConfiguration. */
  readonly config: Readonly<Record<string, unknown>>
  readonly patches: readonly Patch[]
}

export interface CertificateOptions {
  /** Seconds. */
  readonly validity: number
  readonly caValidity: number
  readonly algorithm: KeyAlgorithm
}

export type KeyAlgorithm = 'RSA-2048' | 'RSA-3072' | 'RSA-4096' | 'ECDSA-P256' | 'ECDSA-P384'

export interface ArtifactOptions {
  readonly source: 'upstream' | 'mirror' | 'bundle'
  /** Absolute path of the bundle directory (source `bundle`). */
  readonly path: string | undefined
  /** Base URL that holds a bundle's tree over HTTP (source `mirror`). */
  readonly url: string | undefined
  /** `push` sends over SSH from the control machine; `pull` lets the host download. */
  readonly delivery: 'push' | 'pull'
  /** Whether images come with the artifacts or are pulled by containerd from their registries. */
  readonly images: 'artifacts' | 'registry'
}

/** `etcd` stands alone: such a host runs a member of etcd and is no node. */
export type Role = 'control-plane' | 'worker' | 'etcd'

export interface Host {
  /** The node's name: an RFC 1123 name of at most 63 characters, dots allowed; the identity of everything on this host. */
  readonly name: string
  readonly roles: readonly Role[]
  readonly connection: 'ssh' | 'local'
  readonly ssh: SshOptions
  /** The address that the node registers and that other nodes use; undefined: the SSH address if it is an IP, else from facts. */
  readonly nodeIP: string | undefined
  /** The network interface that carries the nodes' traffic; undefined: the one that has `nodeIP`. */
  readonly interface: string | undefined
  readonly labels: Readonly<Record<string, string>>
  readonly taints: readonly Taint[]
  readonly directories: Directories
  readonly containerd: ContainerdOptions
  readonly kubelet: KubeletOptions
  readonly selinux: 'leave' | 'permissive'
  /** `manage`: our ports are opened in a firewall that runs; `leave`: it is only looked at. */
  readonly firewall: 'manage' | 'leave'
}

export interface Taint {
  readonly key: string
  readonly value: string | undefined
  readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute'
}

export interface SshOptions {
  /** DNS name, IP address or alias of `~/.ssh/config`. */
  readonly address: string
  readonly port: number | undefined
  readonly user: string | undefined
  readonly identityFile: string | undefined
  readonly knownHostsFile: string | undefined
  /** A pinned host key: `ssh-ed25519 AAAA...` or `SHA256:...`. */
  readonly hostKey: string | undefined
  readonly bastion: Omit<SshOptions, 'bastion'> | undefined
}

export interface Directories {
  readonly etcd: string
  readonly containerd: string
  readonly kubelet: string
}

export interface ContainerdOptions {
  /** Path of the CRI socket, without `unix://`. */
  readonly criSocket: string
  readonly restrictOomScoreAdj: boolean
  /** `infinity` or a number, as systemd's LimitNOFILE. */
  readonly limitNOFILE: string
  readonly limitMEMLOCK: string
  readonly registries: readonly Registry[]
  readonly runtimes: readonly RuntimeOption[]
}

/** Becomes `/etc/containerd/certs.d/<host>/hosts.toml`. */
export interface Registry {
  /** The registry that images name: `docker.io`, `registry.local:5000`, or `_default`. */
  readonly host: string
  readonly server: string | undefined
  readonly mirrors: readonly RegistryMirror[]
  readonly credentials: RegistryCredentials | undefined
}

export interface RegistryMirror {
  readonly url: string
  readonly capabilities: readonly ('pull' | 'resolve' | 'push')[]
  readonly skipVerify: boolean
  /** Content of the CA certificate (PEM) with which the mirror is verified. */
  readonly ca: string | undefined
  readonly overridePath: boolean
}

/** Where the password is, never the password: it is read from the control machine when an action needs it. */
export interface RegistryCredentials {
  readonly username: string
  readonly passwordFile: string | undefined
  readonly passwordEnv: string | undefined
}

/** An extra containerd runtime handler (gVisor, Kata, NVIDIA). */
export interface RuntimeOption {
  readonly name: string
  readonly runtimeType: string
  readonly options: Readonly<Record<string, string | number | boolean>>
}

export interface KubeletOptions {
  /** Merged over the KubeletConfiguration: spec, then groups, then host. */
  readonly config: Readonly<Record<string, unknown>>
  readonly extraArgs: readonly ExtraArg[]
  readonly patches: readonly Patch[]
}
