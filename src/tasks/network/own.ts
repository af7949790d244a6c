import { task } from '../../engine/task.ts'
import { listedNodes, nodeList } from '../../kubernetes/node-list.ts'
import { gate } from '../../resources/gate.ts'
import { sh } from '../../transport/command.ts'
import type { Context } from '../context.ts'
import { localApi } from '../control-planes.ts'

/** A network that the user brings: nodes become Ready when it is there. */
export const ownNetwork = task<Context>({
  name: 'network/own',
  summary: 'Wait for your network',
  resources(context) {
    if (context.cluster.cni.name !== 'none') return []
    const { server } = localApi(context)
    return [
      gate('own-network', {
        title: 'your network',
        script: nodeList(server),
        missing: (output) =>
          listedNodes(output).some(({ ready }) => ready)
            ? undefined
            : 'no node is Ready yet; install it now (kubewright kubeconfig is the way in), or run apply again after it',
        gate: {
          limit: 900,
          interval: 2,
          explain: sh`kw_kubectl ${server} get nodes,pods -A -o wide --request-timeout=10s`,
        },
      }),
    ]
  },
})
