import { readManifests } from '../artifacts/manifests.ts'
import type { ArtifactIndex } from '../artifacts/artifact.ts'
import type { Facts } from '../host/facts.ts'
import type { Cluster } from '../inventory/cluster.ts'
import type { Observed } from '../kubernetes/observed.ts'
import type { Context } from '../tasks/context.ts'
import type { Secret } from '../transport/command.ts'
import { readCredentials } from './credentials.ts'

/** What the tasks of each host are functions of; text artifacts and registry passwords are read here, on the control machine. */
export async function contextsOf(read: {
  readonly cluster: Cluster
  readonly facts: ReadonlyMap<string, Facts>
  readonly observed: Observed
  readonly artifacts: ArtifactIndex
  readonly deep: boolean
  /** Otherwise neither manifests nor passwords are needed. */
  readonly installs: boolean
}): Promise<ReadonlyMap<string, Context>> {
  const { cluster, facts, observed, artifacts, deep } = read
  const [manifests, secrets] = read.installs
    ? await Promise.all([readManifests(cluster, artifacts), readCredentials(cluster)])
    : [new Map<string, string>(), new Map<string, Secret>()]
  const now = new Date()
  const shared = { cluster, fleet: facts, observed, artifacts, manifests, secrets, now, deep }
  return new Map(
    cluster.hosts.flatMap((host): [string, Context][] => {
      const own = facts.get(host.name)
      return own === undefined ? [] : [[host.name, { ...shared, host, facts: own }]]
    }),
  )
}
