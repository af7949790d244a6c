import type { ListedMember } from './etcd-members.ts'
import type { ObservedEndpoint } from './external-etcd.ts'
import type { NetworkOptions } from './network.ts'

/** The public state of the cluster, read once from the control planes before planning. Nothing in it is secret. */
export interface Observed {
  /** Whether any control plane holds state of a cluster. */
  readonly exists: boolean
  /** `absent`: there is no cluster; `up`: the API answers; `unknown`: there is a cluster, but its API does not answer. */
  readonly api: 'absent' | 'up' | 'unknown'
  /** Certificates (PEM) of the authorities by the name of their row: `ca`, `front-proxy-ca`, `etcd/ca`. */
  readonly authorities: Readonly<Record<string, ObservedAuthority>>
  /** PEM of the service account's public key. */
  readonly serviceAccountPublicKey: string | undefined
  readonly nodes: readonly ObservedNode[]
  /** Version of the API server, `1.37.1`; undefined if it does not answer. */
  readonly kubernetesVersion: string | undefined
  /** ClusterConfiguration of the ConfigMap kubeadm-config. */
  readonly clusterConfiguration: Readonly<Record<string, unknown>> | undefined
  /** What the living cluster was made with: from {@link clusterConfiguration}, or from the static pods while the API does not answer. */
  readonly living: LivingConfiguration | undefined
  /** DaemonSets of known CNIs that the API has: `flannel`, `calico`. */
  readonly cnis: readonly string[]
  /** The options that the network was installed with; undefined if it is none of ours. */
  readonly network: NetworkOptions | undefined
  /** The control planes that answered, in the order of the inventory. */
  readonly controlPlanes: readonly ObservedControlPlane[]
  /** The hosts that run etcd alone, in the order of the inventory. */
  readonly etcdHosts: readonly ObservedEtcdHost[]
  /** What the control planes find at the endpoints of an external etcd. */
  readonly externalEtcd: readonly ObservedEndpoint[]
}

/** What one control plane is. */
export interface ObservedControlPlane {
  readonly host: string
  readonly hasEtcdData: boolean
  /** `absent`: there is no manifest of one. */
  readonly apiServer: 'absent' | 'silent' | 'up'
  /** Client URLs of the etcd that its API server is led to; empty where that is the member on its own host. */
  readonly etcdElsewhere: readonly string[]
  /** Whether `super-admin.conf` is here, which kubeadm writes where a cluster begins. */
  readonly hasSuperAdmin: boolean
  /** When a run was last led from here (seconds since the epoch), 0 for never. */
  readonly ledAt: number
  /** etcd's members as its member here knows them; undefined if it does not answer. */
  readonly etcdMembers: readonly ListedMember[] | undefined
}

/** What one host is that runs etcd alone. */
export type ObservedEtcdHost = Pick<ObservedControlPlane, 'host' | 'hasEtcdData' | 'etcdMembers'>

export interface ObservedAuthority {
  readonly certificate: string
  /** Hosts that hold the certificate, and those that hold the key. */
  readonly certificateOn: readonly string[]
  readonly keyOn: readonly string[]
  /** Hosts whose certificate is another one than {@link certificate}. */
  readonly differsOn: readonly string[]
}

/** The choices that cannot be changed on a living cluster; what is not known is undefined. */
export interface LivingConfiguration {
  /** Without `v`. */
  readonly kubernetesVersion: string | undefined
  readonly podSubnets: readonly string[] | undefined
  readonly serviceSubnets: readonly string[] | undefined
  readonly dnsDomain: string | undefined
  /** The port on which the API servers listen, as their static pods say. */
  readonly apiServerPort: number | undefined
}

export interface ObservedNode {
  readonly name: string
  readonly ready: boolean
  readonly kubeletVersion: string
  readonly internalIPs: readonly string[]
  readonly podCIDRs: readonly string[]
  readonly controlPlane: boolean
  readonly unschedulable: boolean
}
