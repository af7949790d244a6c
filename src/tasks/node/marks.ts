import { task } from '../../engine/task.ts'
import type { Host } from '../../inventory/cluster.ts'
import { isWorker } from '../../inventory/roles.ts'
import { listedNodes, nodeList } from '../../kubernetes/node-list.ts'
import { nodeMarks } from '../../kubernetes/node-marks.ts'
import { gate } from '../../resources/gate.ts'
import { nodeMarksOf } from '../../resources/node-marks.ts'
import { sh } from '../../transport/command.ts'
import type { Context } from '../context.ts'
import { localApi } from '../control-planes.ts'

/** Labels and taints of the control plane's own node, before anything is scheduled that should not be there. */
export const markControlPlane = task<Context>({
  name: 'node/mark-control-plane',
  summary: 'Mark the control plane',
  resources: (context) => marksOf(context, 'own-node', [context.host]),
})

/** Labels and taints of the workers; control planes mark themselves. */
export const markNodes = task<Context>({
  name: 'node/marks',
  summary: 'Label and taint the nodes',
  resources: (context) => marksOf(context, 'nodes', context.cluster.hosts.filter(isWorker)),
})

function marksOf(context: Context, which: string, hosts: readonly Host[]) {
  const { server } = localApi(context)
  const marked = hosts.filter((host) => context.fleet.has(host.name))
  if (marked.length === 0) return []
  return [
    registered(
      which,
      marked.map(({ name }) => name),
      server,
    ),
    ...marked.map((host) => nodeMarksOf(host.name, nodeMarks(host), { server })),
  ]
}

/** A node can be marked when its kubelet has registered it. */
function registered(which: string, names: readonly string[], server: string) {
  return gate(`registered:${which}`, {
    title: 'nodes',
    script: nodeList(server),
    missing(output) {
      const nodes = listedNodes(output).map(({ name }) => name)
      const missing = names.filter((name) => !nodes.includes(name))
      return missing.length === 0 ? undefined : `not registered yet: ${missing.join(', ')}`
    },
    gate: { limit: 60, interval: 0.5, explain: sh`journalctl -u kubelet --no-pager -n 20 -o cat` },
  })
}
