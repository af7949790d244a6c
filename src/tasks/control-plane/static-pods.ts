import { task } from '../../engine/task.ts'
import type { Cluster, StaticPodOptions } from '../../inventory/cluster.ts'
import { etcdClientFiles } from '../../kubernetes/etcd-topology.ts'
import { sha256, type Inputs } from '../../kubernetes/inputs.ts'
import {
  apiServerPod,
  controllerManagerPod,
  inputsOfFiles,
  schedulerPod,
  type StaticPodView,
} from '../../kubernetes/static-pods.ts'
import { file } from '../../resources/file.ts'
import { staticPod } from '../../resources/static-pod.ts'
import { apiServerTurn } from '../../resources/turn.ts'
import type { Context } from '../context.ts'
import { etcdServers, localApi, otherApiServers } from '../control-planes.ts'

/** The API server, equal to kubeadm's but for what the inventory asks. */
export const controlPlaneApiServer = task<Context>({
  name: 'control-plane/api-server',
  summary: 'Run the API server',
  resources(context) {
    const { cluster, host } = context
    const { apiServer } = cluster
    const view = { ...viewOf(context, apiServer), etcdServers: etcdServers(context) }
    const pod = apiServerPod(cluster, host, { ...view, inputs: { ...view.inputs, ...etcdInputs(cluster) } })
    const turn = apiServerTurn(localApi(context).server, otherApiServers(context))
    return [...placedFiles(apiServer), staticPod(pod, 'api-outage', { turn, ...shownWaits(context) })]
  },
})

/** Controller manager and scheduler. They wait for an API server by themselves, as kubeadm's do. */
export const controlPlaneControllers = task<Context>({
  name: 'control-plane/controllers',
  summary: 'Run the controller manager and the scheduler',
  resources(context) {
    const { cluster, host } = context
    const { apiServer, controllerManager, scheduler } = cluster
    const placed = new Set(apiServer.files.map(({ path }) => path))
    const files = uniqueByPath([controllerManager, scheduler].flatMap(placedFiles))
    const waits = shownWaits(context)
    return [
      ...files.filter(({ path }) => !placed.has(path)),
      staticPod(controllerManagerPod(cluster, host, viewOf(context, controllerManager)), 'restart', waits),
      staticPod(schedulerPod(cluster, host, viewOf(context, scheduler)), 'restart', waits),
    ]
  },
})

/** The API server reads its client certificate for etcd with each connection, but the authority behind etcd only once. */
function etcdInputs({ etcd: { external } }: Cluster): Inputs {
  return external === undefined ? {} : { [etcdClientFiles.ca]: sha256(external.caCertificate) }
}

/** Who tells of the static pods of a control plane. */
export function shownWaits(context: Context) {
  const { name, containerd } = context.host
  return { socket: containerd.criSocket, shownBy: { ...localApi(context), node: name } }
}

/** What the host adds to its static pods. */
export function viewOf({ facts }: Context, { files }: StaticPodOptions): StaticPodView {
  return { nodeIP: facts.nodeIP, caDirectories: facts.caDirectories, inputs: inputsOfFiles(files) }
}

/** Files that the inventory places; they may hold tokens (an audit webhook's kubeconfig), so they are never shown. */
export function placedFiles({ files }: StaticPodOptions) {
  return files.map(({ path, content, mode }) => file(path, content, { mode, confidential: true }))
}

function uniqueByPath<Placed extends { readonly path: string }>(files: readonly Placed[]): readonly Placed[] {
  return [...new Map(files.map((each) => [each.path, each])).values()]
}
