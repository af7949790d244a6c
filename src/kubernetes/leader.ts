import type { Observed, ObservedControlPlane, ObservedEtcdHost } from './observed.ts'

/**
 * The control plane through which the cluster is changed, by its name: the one that lives, of several the one that led last, else
 * the first of the inventory, where a new cluster begins. So a first control plane that was made anew joins the others.
 */
export function leaderOf(controlPlanes: readonly string[], { controlPlanes: observed }: Observed): string {
  const known = observed.filter(({ host }) => controlPlanes.includes(host))
  const [first] = known.toSorted((one, other) => life(other) - life(one) || other.ledAt - one.ledAt)
  const leader = first !== undefined && life(first) > 0 ? first.host : controlPlanes[0]
  if (leader === undefined) throw new Error('The cluster has no control plane.')
  return leader
}

/** The host of etcd that the others join: one whose member answers, else one with data, else the first of the inventory. */
export function leadingEtcdHost(names: readonly string[], { etcdHosts }: Observed): string {
  const known = etcdHosts.filter(({ host }) => names.includes(host))
  const [first] = known.toSorted((one, other) => liveliness(other) - liveliness(one))
  const leader = first !== undefined && liveliness(first) > 0 ? first.host : names[0]
  if (leader === undefined) throw new Error('The inventory has no host for etcd.')
  return leader
}

/** A learner that a cut-off run has left has data, but tells nobody of its members. */
function liveliness({ hasEtcdData, etcdMembers }: ObservedEtcdHost): number {
  if (etcdMembers !== undefined) return 2
  return hasEtcdData ? 1 : 0
}

/** How surely a control plane is part of a cluster: a learner of a run that was cut off has data, but no API server yet. */
function life({ apiServer, hasEtcdData, etcdElsewhere }: ObservedControlPlane): number {
  if (apiServer === 'up') return 3
  if (!hasEtcdData && etcdElsewhere.length === 0) return 0
  return apiServer === 'silent' ? 2 : 1
}
