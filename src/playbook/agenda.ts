import { KubewrightError } from '../engine/errors.ts'
import type { Agenda, HostPhase, Phase, Task } from '../engine/task.ts'
import type { Cluster, Host } from '../inventory/cluster.ts'
import { isControlPlane, isNode, isWorker } from '../inventory/roles.ts'
import type { Context } from '../tasks/context.ts'
import { leader, leadingMember, snapshotKeeper } from '../tasks/control-planes.ts'
import type { HostSelector, Playbook } from './load.ts'
import { hasOurKeepalived } from '../tasks/endpoint/keepalived.ts'

/**
 * Applies a playbook to a cluster: selects the hosts of each phase, of those that the run is limited to, and asks each task for
 * its resources. Only the member of etcd that keeps a snapshot may be outside of the limit, and does nothing else then.
 */
export function agendaOf(
  playbook: Playbook,
  tasks: ReadonlyMap<string, Task<Context>>,
  cluster: Cluster,
  { contexts, limit = [] }: { readonly contexts: ReadonlyMap<string, Context>; readonly limit?: readonly string[] },
): Agenda {
  const [someone] = contexts.values()
  const roles = someone === undefined ? nobody : partsIn(someone, playbook)
  const phases = playbook.phases.map(({ name, hosts, after, afterAny, concurrency, tasks: names }): Phase => {
    const parts = selectHosts(cluster, hosts, roles).flatMap((host): HostPhase[] => {
      const context = contexts.get(host.name)
      const isOutside = limit.length > 0 && !limit.includes(host.name)
      if (context === undefined || (isOutside && hosts !== 'keeping-member')) return []
      const steps = names.map((taskName) => {
        const task = tasks.get(taskName)
        if (task === undefined) throw unregistered(playbook, taskName)
        return { task: task.name, summary: task.summary, resources: task.resources(context) }
      })
      const needed = steps.filter((step) => step.resources.length > 0)
      return isOutside && needed.length === 0 ? [] : [{ host: host.name, steps: needed }]
    })
    return { name, after, afterAny, concurrency, hosts: parts }
  })
  return { playbook: playbook.name, phases }
}

/** The names that a playbook may use are known before the tasks are loaded; a test holds that those are the same. */
function unregistered({ name }: Playbook, task: string): KubewrightError {
  return new KubewrightError({
    code: 'KW0003',
    exit: 'internal',
    message: `The playbook ${name} names the task ${task}, which this build of kubewright does not have`,
    hint: 'Nothing was changed. Build or install kubewright anew; if it says this again, it is a defect: please report it.',
  })
}

/** The parts that hosts have in a run. */
interface Parts {
  /** The first control plane that lives. */
  readonly leading: string | undefined
  /** The first that lives of the hosts that run etcd alone, where there are such. */
  readonly leadingEtcd: string | undefined
  /** The host that keeps a snapshot before members of etcd go. */
  readonly keeping?: string | undefined
  readonly joining: readonly string[]
  /** It is no host of the cluster that shall be. */
  readonly leaving: string | undefined
  /** Those that hold a virtual address by turns, before this run. */
  readonly holding?: readonly string[]
}

const nobody: Parts = { leading: undefined, leadingEtcd: undefined, joining: [], leaving: undefined }

function partsIn(context: Context, { destroys = false }: Playbook): Parts {
  const { cluster, fleet, nodes } = context
  return {
    leading: leader(context),
    leadingEtcd: cluster.hosts.every(isNode) ? undefined : leadingMember(context),
    keeping: snapshotKeeper(context, { destroys }),
    joining: nodes?.joining ?? [],
    leaving: nodes?.leaving?.name,
    holding: [...fleet].flatMap(([name, facts]) => (hasOurKeepalived({ facts }) ? [name] : [])),
  }
}

/** The hosts that a selector of a playbook names, in the order of the inventory. */
export function selectHosts(
  { hosts }: Cluster,
  selector: HostSelector,
  { leading, leadingEtcd, keeping, joining, leaving, holding }: Parts,
): readonly Pick<Host, 'name'>[] {
  const joins = ({ name }: Host): boolean => joining.includes(name)
  switch (selector) {
    case 'all':
      return hosts
    case 'nodes':
      return hosts.filter(isNode)
    case 'control-planes':
      return hosts.filter(isControlPlane)
    case 'first-control-plane':
      return hosts.filter((host) => isControlPlane(host) && host.name === leading)
    case 'other-control-planes':
      return hosts.filter((host) => isControlPlane(host) && host.name !== leading)
    case 'other-hosts':
      return hosts.filter(({ name }) => name !== leading)
    case 'workers':
      return hosts.filter(isWorker)
    case 'workers-or-control-planes':
      return hosts.some(isWorker) ? hosts.filter(isWorker) : hosts.filter(isControlPlane)
    case 'etcd-hosts':
      return hosts.filter((host) => !isNode(host))
    case 'first-etcd-host':
      return hosts.filter((host) => !isNode(host) && host.name === leadingEtcd)
    case 'other-etcd-hosts':
      return hosts.filter((host) => !isNode(host) && host.name !== leadingEtcd)
    case 'keeping-member':
      return hosts.filter(({ name }) => name === keeping)
    case 'joining':
      return hosts.filter(joins)
    case 'joining-control-planes':
      return hosts.filter((host) => joins(host) && isControlPlane(host))
    case 'joining-workers':
      return hosts.filter((host) => joins(host) && isWorker(host))
    case 'leaving':
      return leaving === undefined || joining.includes(leaving) ? [] : [{ name: leaving }]
    case 'staying-control-planes':
      return hosts.filter((host) => !joins(host) && isControlPlane(host))
    case 'holding-control-planes':
      return hosts.filter((host) => isControlPlane(host) && holding?.includes(host.name))
    case 'other-workers':
      return hosts.filter((host) => !joins(host) && isWorker(host))
  }
}
