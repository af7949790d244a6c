import type { Agenda, HostPhase, Phase, Task } from '../engine/task.ts'
import type { Cluster, Host } from '../inventory/cluster.ts'
import { isControlPlane } from '../inventory/roles.ts'
import type { Context } from '../tasks/context.ts'
import { leader } from '../tasks/control-planes.ts'
import type { HostSelector, Playbook } from './load.ts'

/** Applies a playbook to a cluster: selects the hosts of each phase and asks each task for its resources. */
export function agendaOf(
  playbook: Playbook,
  tasks: ReadonlyMap<string, Task<Context>>,
  cluster: Cluster,
  contexts: ReadonlyMap<string, Context>,
): Agenda {
  const [someone] = contexts.values()
  const roles: Parts = {
    leading: someone === undefined ? undefined : leader(someone),
    joining: someone?.nodes?.joining ?? [],
    leaving: someone?.nodes?.leaving?.name,
  }
  const phases = playbook.phases.map(({ name, hosts, after, afterAny, concurrency, tasks: names }): Phase => {
    const parts = selectHosts(cluster, hosts, roles).flatMap((host): HostPhase[] => {
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

/** The parts that hosts have in a run. */
interface Parts {
  /** The first control plane that lives. */
  readonly leading: string | undefined
  readonly joining: readonly string[]
  /** It is no host of the cluster that shall be. */
  readonly leaving: string | undefined
}

/** The hosts that a selector of a playbook names, in the order of the inventory. */
export function selectHosts(
  { hosts }: Cluster,
  selector: HostSelector,
  { leading, joining, leaving }: Parts,
): readonly Pick<Host, 'name'>[] {
  const joins = ({ name }: Host): boolean => joining.includes(name)
  switch (selector) {
    case 'all':
      return hosts
    case 'control-planes':
      return hosts.filter(isControlPlane)
    case 'first-control-plane':
      return hosts.filter((host) => isControlPlane(host) && host.name === leading)
    case 'other-control-planes':
      return hosts.filter((host) => isControlPlane(host) && host.name !== leading)
    case 'other-hosts':
      return hosts.filter(({ name }) => name !== leading)
    case 'workers':
      return hosts.filter((host) => !isControlPlane(host))
    case 'joining':
      return hosts.filter(joins)
    case 'joining-control-planes':
      return hosts.filter((host) => joins(host) && isControlPlane(host))
    case 'joining-workers':
      return hosts.filter((host) => joins(host) && !isControlPlane(host))
    case 'leaving':
      return leaving === undefined || joining.includes(leaving) ? [] : [{ name: leaving }]
    case 'other-workers':
      return hosts.filter((host) => !joins(host) && !isControlPlane(host))
  }
}
