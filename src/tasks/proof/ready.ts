import { task } from '../../engine/task.ts'
import { listedNodes, nodeList } from '../../kubernetes/node-list.ts'
import { listedPods, podList } from '../../kubernetes/pod-list.ts'
import { gate } from '../../resources/gate.ts'
import { sh } from '../../transport/command.ts'
import type { Context } from '../context.ts'
import { localApi, nodeNames } from '../control-planes.ts'

/** All nodes of the run are Ready, and so are all pods of the system on them. */
export const proofReady = task<Context>({
  name: 'proof/ready',
  summary: 'Wait for nodes and system pods',
  resources(context) {
    const { server } = localApi(context)
    const names = nodeNames(context)
    return [
      gate('nodes', {
        title: 'nodes',
        script: nodeList(server),
        missing: (output) => notReadyNodes(output, names),
        gate: {
          limit: 300,
          interval: 1,
          explain: sh`kw_kubectl ${server} --request-timeout=10s describe nodes | grep -A 12 -E '^(Name|Conditions|Events):' | tail -n 40
kw_kubectl ${server} --request-timeout=10s get pods -A -o wide | grep -v -E ' (Running|Completed) '`,
        },
      }),
      gate('system-pods', {
        title: 'system pods',
        script: podList(server),
        missing: (output) => notReadyPods(output, names),
        gate: {
          limit: 300,
          interval: 0.7,
          explain: sh`kw_kubectl ${server} --request-timeout=10s get pods -A -o wide | grep -v -E ' ([0-9]+)/\1 '
kw_kubectl ${server} --request-timeout=10s get events -A --field-selector type=Warning --sort-by=.lastTimestamp | tail -n 15`,
        },
      }),
    ]
  },
})

const systemNamespaces = new Set(['kube-system', 'kube-flannel'])

function notReadyNodes(output: string, names: readonly string[]): string | undefined {
  const nodes = listedNodes(output)
  const waiting = names.filter((name) => !nodes.some((node) => node.name === name && node.ready))
  return waiting.length === 0 ? undefined : `not Ready yet: ${waiting.join(', ')}`
}

/** Pods that have completed count as good; those that go, and those of hosts that this run leaves out, do not count. */
function notReadyPods(output: string, names: readonly string[]): string | undefined {
  const pods = listedPods(output).filter(({ namespace }) => systemNamespaces.has(namespace))
  if (pods.length === 0) return 'there are none yet'
  const here = pods.filter(({ node }) => node === '' || names.includes(node))
  const waiting = here.filter(({ phase, ready, terminating }) => phase !== 'Succeeded' && !ready && !terminating)
  if (waiting.length === 0) return undefined
  return `not ready yet: ${waiting.map(({ name }) => name).join(', ')}`
}
