import type { ArtifactIndex } from '../artifacts/artifact.ts'
import type { Facts } from '../host/facts.ts'
import type { Cluster, Host } from '../inventory/cluster.ts'
import type { Observed } from '../kubernetes/observed.ts'
import type { DrainOptions } from '../resources/drain.ts'
import type { Secret } from '../transport/command.ts'

/** Who comes and who goes in an operation on the cluster's nodes. */
export interface NodeChange {
  /** Names of hosts that come, or are made anew. */
  readonly joining: readonly string[]
  readonly leaving: Leaving | undefined
}

/** A node that goes, as those who stay see it. */
export interface Leaving {
  readonly name: string
  readonly controlPlane: boolean
  /** Whether a member of etcd is, or was, on its host. */
  readonly runsEtcd: boolean
  /** The host lives, and is emptied before it goes; otherwise nobody goes there. */
  readonly reached: boolean
  /** Its own node IPs, and that of a member which has its name but is the new host's. */
  readonly nodeIPs: readonly string[]
  readonly successorIP: string | undefined
  /** Whether its member of etcd, and its Node, still are its own: a host that was made anew may have them again. */
  readonly hasMember: boolean
  readonly hasNode: boolean
  /** Its host has what etcd starts with: a member there that has not started yet is its new one. */
  readonly joinsEtcd: boolean
  readonly drain: DrainOptions
}

/** What a task is a function of. */
export interface Context {
  readonly cluster: Cluster
  readonly host: Host
  readonly facts: Facts
  /** Facts of every host that answered, by name. */
  readonly fleet: ReadonlyMap<string, Facts>
  /** Names of the hosts that this run is for, control planes first: with a limit, fewer than have answered. */
  readonly run: readonly string[]
  readonly observed: Observed
  readonly artifacts: ArtifactIndex
  /** Content of text artifacts (manifests) by `name version`, read before planning. */
  readonly manifests: ReadonlyMap<string, string>
  /** Passwords that the inventory refers to, by `registry:<host>`, and the key for an external etcd. */
  readonly secrets: ReadonlyMap<string, Secret>
  /** Time of planning; certificates are judged by it. */
  readonly now: Date
  /** Hash installed binaries instead of trusting their recorded size, ctime and inode. */
  readonly deep: boolean
  /** Undefined in an operation on the cluster as a whole. */
  readonly nodes?: NodeChange
}
