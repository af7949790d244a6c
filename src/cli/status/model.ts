/** What a cluster is like right now, as far as its hosts answer. It is what `status --output json` prints. */
export interface ClusterStatus {
  readonly cluster: string
  /** As the inventory says. */
  readonly kubernetesVersion: string
  readonly api: 'up' | 'down' | 'absent'
  readonly nodes: readonly NodeStatus[]
  /** Every control plane of the inventory, by what its own API server says. */
  readonly apiServers: readonly ApiServerStatus[]
  readonly components: readonly ComponentStatus[]
  /** The members that were asked, each by its host. */
  readonly etcd: readonly EtcdStatus[]
  readonly addons: readonly AddonStatus[]
  readonly certificates: readonly CertificateStatus[]
  readonly lastApply: { readonly by: string; readonly at: string; readonly current: boolean } | undefined
  /** An operation that was begun and not ended. */
  readonly unfinished:
    { readonly id: string; readonly playbook: string; readonly by: string; readonly at: string } | undefined
  readonly unreachable: readonly { readonly host: string; readonly code: string; readonly reason: string }[]
}

export interface NodeStatus {
  readonly name: string
  readonly roles: readonly string[]
  /** Undefined: it is in the inventory, and the API does not know it. */
  readonly ready: boolean | undefined
  readonly schedulable: boolean
  readonly version: string
  readonly addresses: readonly string[]
  readonly inInventory: boolean
}

/** Whether the API server of one control plane answers; `unreachable` if its host does not. */
export interface ApiServerStatus {
  readonly host: string
  readonly state: 'up' | 'down' | 'absent' | 'unreachable'
}

/** A static pod of a control plane. */
export interface ComponentStatus {
  readonly node: string
  readonly name: string
  readonly ready: boolean
  readonly version: string
}

export interface EtcdStatus {
  readonly host: string
  readonly healthy: boolean
  readonly leader: boolean
  readonly version: string
  /** Bytes. */
  readonly databaseSize: number
  /** The members that it knows, itself included. */
  readonly members: readonly EtcdMemberStatus[]
  /** Why nothing is known, or what it complains of. */
  readonly problem: string | undefined
}

export interface EtcdMemberStatus {
  /** Empty while it was never started. */
  readonly name: string
  readonly learner: boolean
}

export interface AddonStatus {
  readonly name: string
  readonly ready: number
  readonly wanted: number
}

export interface CertificateStatus {
  readonly host: string
  /** `apiserver`, `kubelet client`, `admin.conf`. */
  readonly name: string
  readonly authority: boolean
  /** ISO 8601. */
  readonly notAfter: string
  /** Whole days; negative when it is over. */
  readonly days: number
}

/** A certificate that ends within this many days is worth a warning. */
export const warningDays = 30
