import { task } from '../../engine/task.ts'
import { corednsObjects } from '../../kubernetes/coredns.ts'
import { isWorker } from '../../inventory/roles.ts'
import { listedNodes, nodeList } from '../../kubernetes/node-list.ts'
import { apiObjects, type ApiAccess } from '../../resources/api-object.ts'
import { gate } from '../../resources/gate.ts'
import { sh } from '../../transport/command.ts'
import type { Context } from '../context.ts'
import { localApi } from '../control-planes.ts'

/** Cluster DNS. */
export const coredns = task<Context>({
  name: 'addons/coredns',
  summary: 'Install CoreDNS',
  resources(context) {
    const access = localApi(context)
    const workers = context.cluster.hosts
      .filter((host) => isWorker(host) && context.fleet.has(host.name))
      .map(({ name }) => name)
    const objects = apiObjects(corednsObjects(context.cluster), access)
    return workers.length === 0 ? objects : [workersReady(workers, access), ...objects]
  },
})

/** Seconds after which a node that has registered is no longer expected to become Ready soon. */
const patience = 60

/**
 * The scheduler prefers workers for DNS and spreads it, which helps only if those that are there can take a pod when DNS is
 * installed; a worker that is lost is not waited for.
 */
function workersReady(workers: readonly string[], { server }: ApiAccess) {
  return gate('workers-ready', {
    title: 'cluster DNS',
    script: nodeList(server),
    missing(output) {
      const nodes = listedNodes(output).filter(({ name }) => workers.includes(name))
      if (!nodes.some(({ ready }) => ready)) return 'no worker is Ready yet'
      const coming = nodes.filter(({ ready, age }) => !ready && age < patience)
      return coming.length === 0 ? undefined : `not Ready yet: ${coming.map(({ name }) => name).join(', ')}`
    },
    gate: {
      limit: 180,
      interval: 0.5,
      explain: sh`kw_kubectl ${server} get nodes,pods -A -o wide --request-timeout=10s`,
    },
  })
}
