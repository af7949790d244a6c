import { task } from '../../engine/task.ts'
import type { Host } from '../../inventory/cluster.ts'
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
  resources: (context) => marksOf(context, [context.host]),
})

/** Labels and taints of all other nodes. */
export const markNodes = task<Context>({
  name: 'node/marks',
  summary: 'Label and taint the nodes',
  resources: (context) =>
    marksOf(
      context,
      context.cluster.hosts.filter(({ name }) => name !== context.host.name),
    ),
})

function marksOf(context: Context, hosts: readonly Host[]) {
  const { server } = localApi(context)
  const marked = hosts.filter((host) => context.fleet.has(host.name))
  return marked.flatMap((host) => [
    gate(`registered:${host.name}`, {
      title: `node ${host.name}`,
      script: sh`[ -e /etc/kubernetes/admin.conf ] && kw_kubectl ${server} get node ${host.name} -o name --request-timeout=5s`,
      missing: (output) => (output.trim() === '' ? 'has not registered yet' : undefined),
      gate: { limit: 120, interval: 0.5, explain: sh`journalctl -u kubelet --no-pager -n 20 -o cat` },
    }),
    nodeMarksOf(host.name, nodeMarks(host), { server }),
  ])
}
