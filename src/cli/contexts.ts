import { readManifests } from '../artifacts/manifests.ts'
import type { ArtifactIndex } from '../artifacts/artifact.ts'
import type { Facts } from '../host/facts.ts'
import type { Cluster, Host } from '../inventory/cluster.ts'
import { isControlPlane } from '../inventory/roles.ts'
import type { Observed } from '../kubernetes/observed.ts'
import type { Context, NodeChange } from '../tasks/context.ts'
import type { Secret } from '../transport/command.ts'
import { readCredentials } from './credentials.ts'

/** What the tasks of each host are functions of; text artifacts and registry passwords are read here, on the control machine. */
export async function contextsOf(
  read: {
    readonly cluster: Cluster
    readonly facts: ReadonlyMap<string, Facts>
    readonly observed: Observed
    readonly artifacts: ArtifactIndex
    readonly deep: boolean
    /** Otherwise neither manifests nor passwords are needed. */
    readonly installs: boolean
    /** Names of the hosts that the run is limited to; empty means all. */
    readonly limit: readonly string[]
  },
  /** Who comes and goes; a host that goes is part of the cluster before only. */
  change?: { readonly nodes: NodeChange; readonly before: Cluster },
): Promise<ReadonlyMap<string, Context>> {
  const { cluster, facts, observed, artifacts, deep } = read
  const [manifests, secrets] = read.installs
    ? await Promise.all([readManifests(cluster, artifacts), readCredentials(cluster)])
    : [new Map<string, string>(), new Map<string, Secret>()]
  const now = new Date()
  const nodes = change === undefined ? {} : { nodes: change.nodes }
  const staying = cluster.hosts.map(({ name }) => name)
  const fleet = new Map([...facts].filter(([name]) => staying.includes(name)))
  const shared = {
    run: runOf(cluster, fleet, read.limit),
    observed,
    artifacts,
    manifests,
    secrets,
    now,
    deep,
    ...nodes,
  }
  const contextIn =
    (among: Cluster, those: ReadonlyMap<string, Facts>) =>
    (host: Host): readonly [string, Context][] => {
      const own = those.get(host.name)
      return own === undefined ? [] : [[host.name, { ...shared, cluster: among, host, facts: own, fleet: those }]]
    }
  const gone = (change?.before.hosts ?? []).filter(({ name }) => !staying.includes(name))
  return new Map([
    ...cluster.hosts.flatMap(contextIn(cluster, fleet)),
    ...gone.flatMap(contextIn(change?.before ?? cluster, facts)),
  ])
}

function runOf({ hosts }: Cluster, facts: ReadonlyMap<string, Facts>, limit: readonly string[]): readonly string[] {
  const those = hosts.filter(({ name }) => facts.has(name) && (limit.length === 0 || limit.includes(name)))
  return [...those.filter(isControlPlane), ...those.filter((host) => !isControlPlane(host))].map(({ name }) => name)
}
