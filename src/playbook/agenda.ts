import type { Agenda, HostPhase, Phase, Task } from '../engine/task.ts'
import type { Cluster, Host } from '../inventory/cluster.ts'
import { isNode, isWorker } from '../kubernetes/node.ts'
import type { Context } from '../tasks/context.ts'
import { leader, leadingMember } from '../tasks/control-planes.ts'
import type { HostSelector, Playbook } from './load.ts'

/** Applies a playbook to a cluster: selects the hosts of each phase and asks each task for its resources. */
export function agendaOf(
  playbook: Playbook,
  tasks: ReadonlyMap<string, Task<Context>>,
  cluster: Cluster,
  contexts: ReadonlyMap<string, Context>,
): Agenda {
  const [someone] = contexts.values()
  const leading = someone === undefined ? {} : leadersOf(someone)
  const phases = playbook.phases.map(({ name, hosts, after, afterAny, concurrency, tasks: names }): Phase => {
    const parts = selectHosts(cluster, hosts, leading).flatMap((host): HostPhase[] => {
      const context = contexts.get(host.name)
      if (context === undefined) return []
      const steps = names.flatMap((taskName) => {
        const task = tasks.get(taskName)
        if (task === undefined) return []
        return [{ task: task.name, summary: task.summary, resources: task.resources(context) }]
      })
      return [{ host: host.name, steps: steps.filter((step) => step.resources.length > 0) }]
    })
    return { name, after, afterAny, concurrency, hosts: parts }
  })
  return { playbook: playbook.name, phases }
}

/** Which hosts come first: those that live, of the control planes and of the hosts that run etcd alone. */
interface Leaders {
  readonly controlPlane?: string
  readonly etcdHost?: string
}

function leadersOf(context: Context): Leaders {
  const controlPlane = leader(context)
  return context.cluster.hosts.every(isNode) ? { controlPlane } : { controlPlane, etcdHost: leadingMember(context) }
}

/** The hosts that a selector of a playbook names, in the order of the inventory. */
export function selectHosts(cluster: Cluster, selector: HostSelector, leading: Leaders): readonly Host[] {
  const controlPlanes = cluster.hosts.filter((host) => host.roles.includes('control-plane'))
  const etcdHosts = cluster.hosts.filter((host) => !isNode(host))
  switch (selector) {
    case 'all':
      return cluster.hosts
    case 'nodes':
      return cluster.hosts.filter(isNode)
    case 'control-planes':
      return controlPlanes
    case 'first-control-plane':
      return controlPlanes.filter(({ name }) => name === leading.controlPlane)
    case 'other-control-planes':
      return controlPlanes.filter(({ name }) => name !== leading.controlPlane)
    case 'workers':
      return cluster.hosts.filter(isWorker)
    case 'etcd-hosts':
      return etcdHosts
    case 'first-etcd-host':
      return etcdHosts.filter(({ name }) => name === leading.etcdHost)
    case 'other-etcd-hosts':
      return etcdHosts.filter(({ name }) => name !== leading.etcdHost)
  }
}
