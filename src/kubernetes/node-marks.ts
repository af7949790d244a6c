import type { Host, Taint } from '../inventory/cluster.ts'

/** kubeadm's label and taint of a control plane. */
export const controlPlaneLabel = 'node-role.kubernetes.io/control-plane'
const excludedFromLoadBalancers = 'node.kubernetes.io/exclude-from-external-load-balancers'

/** The labels and taints that a node shall have; others that it has are not ours. */
export interface NodeMarks {
  readonly labels: Readonly<Record<string, string>>
  readonly taints: readonly Taint[]
}

/** The part of a Node that {@link markPatch} looks at. */
export interface MarkedNode {
  readonly metadata: { readonly labels?: Readonly<Record<string, string>> }
  readonly spec: { readonly taints?: readonly NodeTaint[] }
}

type NodeTaint = { readonly key: string; readonly value?: string; readonly effect: string; readonly timeAdded?: string }

/** What `kubeadm init phase mark-control-plane` and the inventory give to a node. */
export function nodeMarks({ roles, labels, taints }: Pick<Host, 'roles' | 'labels' | 'taints'>): NodeMarks {
  const own = roles.includes('control-plane') ? { [controlPlaneLabel]: '', [excludedFromLoadBalancers]: '' } : {}
  return { labels: { ...own, ...labels }, taints }
}

/**
 * The merge patch that gives a node its marks; undefined if it has them. Taints of others stay, but for the one of the
 * control plane, which goes when it is not wanted: the list is replaced as a whole, since Kubernetes cannot merge it.
 */
export function markPatch(node: MarkedNode, { labels, taints }: NodeMarks): object | undefined {
  const present = node.metadata.labels ?? {}
  const missing = Object.entries(labels).filter(([key, value]) => present[key] !== value)
  const current = node.spec.taints ?? []
  const wanted = taints.map(nodeTaint)
  const others = current.filter((taint) => taint.key !== controlPlaneLabel && !wanted.some(sameIdentity(taint)))
  const lacking = wanted.some((taint) => !current.some((each) => sameIdentity(each)(taint) && sameValue(each, taint)))
  const left = [...wanted, ...others]
  const patch = {
    ...(missing.length > 0 ? { metadata: { labels: Object.fromEntries(missing) } } : {}),
    ...(lacking || left.length !== current.length ? { spec: { taints: left } } : {}),
  }
  return Object.keys(patch).length > 0 ? patch : undefined
}

function nodeTaint({ key, value, effect }: Taint): NodeTaint {
  return value === undefined ? { key, effect } : { key, value, effect }
}

function sameIdentity(one: NodeTaint): (other: NodeTaint) => boolean {
  return (other) => one.key === other.key && one.effect === other.effect
}

function sameValue(one: NodeTaint, other: NodeTaint): boolean {
  return (one.value ?? '') === (other.value ?? '')
}
