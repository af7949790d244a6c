import type { Facts } from '../../host/facts.ts'
import type { Host } from '../../inventory/cluster.ts'
import { runsEtcd } from '../../kubernetes/etcd-topology.ts'
import type { Observed } from '../../kubernetes/observed.ts'
import type { Leaving, NodeChange } from '../../tasks/context.ts'
import type { Intention } from './intention.ts'

/** Who comes and goes, with what the hosts and the API say of them. */
export function nodeChangeOf(
  intention: Intention,
  { facts, observed }: { readonly facts: ReadonlyMap<string, Facts>; readonly observed: Observed },
): NodeChange {
  const { joining, leaving } = intention
  return {
    joining: joining.map(({ name }) => name),
    leaving: leaving && leavingOf(leaving, intention, { facts, observed }),
  }
}

function leavingOf(
  leaving: Host,
  { before, joining, reached, drain }: Intention,
  { facts, observed }: { readonly facts: ReadonlyMap<string, Facts>; readonly observed: Observed },
): Leaving {
  const { name, roles, nodeIP } = leaving
  const own = facts.get(name)
  // A host that has its name by now is its successor: what that one has is its own.
  const successor = joining.some((host) => host.name === name) ? own : undefined
  const registered = observed.nodes.find((node) => node.name === name)?.internalIPs ?? []
  const address = before.hosts.find((host) => host.name === name)?.ssh.address
  const known = [nodeIP, address, reached ? own?.nodeIP : undefined, ...registered]
  return {
    name,
    controlPlane: roles.includes('control-plane'),
    runsEtcd: runsEtcd(before, leaving),
    reached,
    nodeIPs: [...new Set(known.filter((ip) => ip !== undefined))],
    successorIP: successor?.survey.etcdData === true ? successor.nodeIP : undefined,
    hasMember: successor?.survey.etcdData !== true || !known.includes(successor.nodeIP),
    joinsEtcd: successor?.survey.manifests.includes('etcd.yaml') === true,
    hasNode: !isRegistered(successor),
    drain,
  }
}

/** Whether a kubelet has its way into the cluster on the host. */
function isRegistered(facts: Facts | undefined): boolean {
  return facts?.survey.kubernetesFiles.includes('/etc/kubernetes/kubelet.conf') === true
}
