import type { ArtifactIndex } from '../artifacts/artifact.ts'
import type { Facts } from '../host/facts.ts'
import type { Cluster, Host } from '../inventory/cluster.ts'
import type { Observed } from '../kubernetes/observed.ts'
import type { Secret } from '../transport/command.ts'

/** What a task is a function of. */
export interface Context {
  readonly cluster: Cluster
  readonly host: Host
  readonly facts: Facts
  /** Facts of every host that answered, by name. */
  readonly fleet: ReadonlyMap<string, Facts>
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
}
