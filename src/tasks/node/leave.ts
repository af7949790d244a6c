import type { Resource } from '../../engine/resource.ts'
import { task } from '../../engine/task.ts'
import { cordoned, drained } from '../../resources/drain.ts'
import { withoutNode } from '../../resources/node-object.ts'
import type { Context, Leaving } from '../context.ts'
import { localApi } from '../control-planes.ts'
import { checks, enumerate, error, warning, type Check } from '../preflight/check.ts'

/** Pods leave the node by the eviction API, so that their budgets are respected. A dead node has none that could leave. */
export const nodeDrain = task<Context>({
  name: 'node/drain',
  summary: 'Drain the node',
  resources: (context) => {
    const leaving = leavingNode(context)
    if (leaving?.reached !== true) return []
    const api = localApi(context)
    return [cordoned(leaving.name, api), drained(leaving.name, leaving.drain, api)] as readonly Resource[]
  },
})

/** The node leaves the API. */
export const nodeDelete = task<Context>({
  name: 'node/delete',
  summary: 'Delete the Node',
  resources: (context) => {
    const leaving = leavingNode(context)
    return leaving === undefined ? [] : [withoutNode(leaving.name, localApi(context))]
  },
})

/** The node that goes, unless a host of its name is the Node by now. */
function leavingNode({ nodes }: Context): Leaving | undefined {
  return nodes?.leaving?.hasNode === true ? nodes.leaving : undefined
}

/** A host that is said to be dead. */
const unreached: Check = ({ nodes, observed }) => {
  const leaving = nodes?.leaving
  if (leaving === undefined || leaving.reached || nodes?.joining.includes(leaving.name) === true) return []
  const { name } = leaving
  const ready = observed.nodes.some((node) => node.name === name && node.ready)
  const lives = `the node ${name} is Ready: its kubelet has reported within the last minute`
  return [
    ...(ready
      ? [
          error(
            'NodeLives',
            lives,
            'Leave --offline out, so that it is drained and cleaned. If it has died just now, wait until it is NotReady.',
          ),
        ]
      : []),
    warning(
      'NotCleaned',
      `nobody cleans ${name}: its disk keeps keys of the cluster, and its kubelet, if it starts again, what it ran`,
      'Wipe the host before it is used again; "kubewright reset" with an inventory that names it does that, too.',
    ),
  ]
}

/** The same host in its own place has to be empty: what it has of the cluster already is kept, and of one that has all nothing would be made anew. */
const notNew: Check = (context) => {
  const leaving = context.nodes?.leaving
  if (leaving === undefined || !context.nodes?.joining.includes(leaving.name)) return []
  const { name, runsEtcd, hasMember, hasNode } = leaving
  const kept = [...(runsEtcd && !hasMember ? ["etcd's data"] : []), ...(hasNode ? [] : ["the kubelet's certificate"])]
  if (kept.length === 0) return []
  const anew = `To begin anew with a host that lives: kubewright node remove ${name} --keep-inventory, then kubewright node add ${name}.`
  const lives = !hasNode && !(runsEtcd && hasMember)
  if (!lives || continues(context, name)) {
    return [
      warning('NotNew', `${name} holds ${enumerate(kept)} already: that is kept, and what is missing is added`, anew),
    ]
  }
  const message = `${name} holds ${enumerate(kept)}: it lives, and only a host with an empty disk takes its own place`
  return [error('NotNew', message, `${anew} What is damaged on it is repaired by kubewright apply.`)]
}

/** Whether a run that brought the host back was cut off, and this one goes on with it. */
function continues({ fleet }: Context, name: string): boolean {
  return ['node-add', 'node-replace'].includes(fleet.get(name)?.state.operation?.playbook ?? '')
}

/** A load balancer of the user's own is not told by us. */
const endpoint: Check = ({ cluster, nodes }) => {
  const { address, explicit, provider } = cluster.controlPlaneEndpoint
  if (nodes?.leaving?.controlPlane !== true || !explicit || provider !== 'external') return []
  const message = `${address} is yours: it must not lead to ${nodes.leaving.name} any more`
  return [warning('ControlPlaneEndpoint', message, 'Take it out there, unless a health check of its /readyz does.')]
}

/** What is said before a node goes. */
export const nodeLeaveCheck = checks('node/leave-check', 'Check whether the node can go', {
  UnreachedNode: unreached,
  NewHost: notNew,
  LeavingEndpoint: endpoint,
})
