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
import type { Context } from '../context.ts'
import { etcdServers } from '../control-planes.ts'

/** The API server, equal to kubeadm's but for what the inventory asks. */
export const controlPlaneApiServer = task<Context>({
  name: 'control-plane/api-server',
  summary: 'Run the API server',
  resources(context) {
    const { cluster, host } = context
    const { apiServer } = cluster
    const view = { ...viewOf(context, apiServer), etcdServers: etcdServers(context) }
    const inputs = { ...view.inputs, ...etcdInputs(cluster) }
    return [...placedFiles(apiServer), staticPod(apiServerPod(cluster, host, { ...view, inputs }), 'api-outage')]
  },
})

/** Controller manager and scheduler: they come when there is an API server, since they ask for one the more seldom the longer there is none. */
export const controlPlaneControllers = task<Context>({
  name: 'control-plane/controllers',
  summary: 'Run the controller manager and the scheduler',
  resources(context) {
    const { cluster, host } = context
    const { apiServer, controllerManager, scheduler } = cluster
    const placed = new Set(apiServer.files.map(({ path }) => path))
    const files = uniqueByPath([controllerManager, scheduler].flatMap(placedFiles))
    return [
      ...files.filter(({ path }) => !placed.has(path)),
      staticPod(controllerManagerPod(cluster, host, viewOf(context, controllerManager)), 'restart'),
      staticPod(schedulerPod(cluster, host, viewOf(context, scheduler)), 'restart'),
    ]
  },
})

/** The API server reads its client certificate for etcd with each connection, but the authority behind etcd only once. */
function etcdInputs({ etcd: { external } }: Cluster): Inputs {
  return external === undefined ? {} : { [etcdClientFiles.ca]: sha256(external.caCertificate) }
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
