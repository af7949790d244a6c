import { KubewrightError } from '../../engine/errors.ts'
import type { Cluster, Host } from '../../inventory/cluster.ts'
import { withHostReplaced, withoutHost } from '../../inventory/edit.ts'
import { loadInventory } from '../../inventory/load.ts'
import { isNode } from '../../inventory/roles.ts'
import { etcdHostLeaves } from '../../kubernetes/etcd-topology.ts'
import { nearest } from '../../inventory/nearest.ts'
import type { ScaffoldHost } from '../../inventory/scaffold.ts'
import type { DrainOptions } from '../../resources/drain.ts'

/** What is asked of one node. */
export interface NodeRequest {
  readonly kind: 'add' | 'remove' | 'replace'
  readonly name: string
  /** The host that takes the place; without it the host itself does, made anew. */
  readonly with?: ScaffoldHost
  /** The host that goes is dead: nobody goes there. */
  readonly offline: boolean
  readonly drain: DrainOptions
}

/** The cluster that shall be, the one that the inventory has written, and who comes and goes between them. */
export interface Intention {
  readonly cluster: Cluster
  readonly before: Cluster
  readonly joining: readonly Host[]
  readonly leaving: Host | undefined
  /** Whether the host that goes is reached. */
  readonly reached: boolean
  readonly drain: DrainOptions
}

/** What a request means; rejects if no cluster would be left, or the inventory has no such host. */
export async function intentionOf(inventory: string, request: NodeRequest): Promise<Intention> {
  const { kind, name, offline, drain } = request
  const { cluster: before } = await loadInventory(inventory)
  const host = before.hosts.find((candidate) => candidate.name === name) ?? unknownHost(name, before)
  if (!isNode(host)) throw hostOfEtcd(request)
  const controlPlanes = before.hosts.filter(({ roles }) => roles.includes('control-plane'))
  if (controlPlanes.length === 1 && controlPlanes[0] === host) throw lastControlPlane(request)
  const edit = editOf(request)
  const { cluster } = edit === undefined ? { cluster: before } : await loadInventory(inventory, { edit })
  const comes = kind === 'add' || kind === 'replace' ? [request.with?.name ?? name] : []
  return {
    cluster,
    before,
    joining: cluster.hosts.filter((candidate) => comes.includes(candidate.name)),
    leaving: kind === 'add' ? undefined : host,
    reached: !offline && (kind === 'remove' || (request.with !== undefined && request.with.name !== name)),
    drain,
  }
}

/** How the request changes the text of the inventory, if it does. */
export function editOf({ kind, name, with: by }: NodeRequest): ((text: string) => string) | undefined {
  if (kind === 'remove') return (text) => withoutHost(text, name)
  if (kind === 'replace' && by !== undefined) return (text) => withHostReplaced(text, name, by)
  return undefined
}

function unknownHost(name: string, { hosts }: Cluster): never {
  const names = hosts.map((host) => host.name)
  const close = nearest(name, names)
  const known = close === undefined ? `Its hosts are ${names.join(', ')}.` : `Did you mean ${close}?`
  throw new KubewrightError({
    code: 'KW5020',
    exit: 'usage',
    message: `${name} is not a host of the inventory`,
    hint: `${known} A node that only the cluster knows is written into the inventory first.`,
  })
}

/** Their clients, all API servers, would have to be told; that is the whole cluster's concern. */
function hostOfEtcd({ kind, name, with: by }: NodeRequest): KubewrightError {
  const hint = {
    add: `Run "kubewright apply": it makes ${name} a member of etcd, and tells the API servers.`,
    remove: etcdHostLeaves(name),
    replace:
      by === undefined
        ? `Run "kubewright apply": a host of etcd that was made anew, with an empty disk, takes its own place again.`
        : `Write ${by.name} into the inventory and run "kubewright apply". Then ${name} can go. ${etcdHostLeaves(name)}`,
  }[kind]
  return new KubewrightError({
    code: 'KW5025',
    exit: 'refused',
    message: `${name} runs etcd alone and is no node, so that no command for nodes is for it`,
    hint,
  })
}

function lastControlPlane({ kind, name }: NodeRequest): KubewrightError {
  const [message, hint] = {
    add: [
      `${name} is the only control plane, so there is no cluster yet that it could join`,
      'Make the cluster by kubewright apply.',
    ],
    remove: [
      `${name} is the last control plane: 1 - 1 = 0, and without one there is no cluster`,
      'Add another control plane first, or take the whole cluster away by kubewright reset.',
    ],
    replace: [
      `${name} is the only control plane: nobody else has the keys and the data of the cluster`,
      'While it lives, add another control plane first; if it is lost, restore it from a backup.',
    ],
  }[kind]
  return new KubewrightError({ code: 'KW5021', exit: 'refused', message: message!, hint: hint! })
}
