import { task } from '../../engine/task.ts'
import type { Cni } from '../../inventory/cluster.ts'
import { isControlPlane } from '../../inventory/roles.ts'
import { usesTypha } from '../../kubernetes/calico-options.ts'
import { runsEtcd } from '../../kubernetes/etcd-topology.ts'
import { isNodeLocal } from '../../kubernetes/node.ts'
import { imagesOf, upstreamImages, type ImageName } from '../../kubernetes/versions.ts'
import { image } from '../../resources/image.ts'
import type { Context } from '../context.ts'
import { isContainerd1 } from './runtime.ts'

const cniImages: Readonly<Record<Cni['name'], readonly ImageName[]>> = {
  flannel: ['flannel', 'flannelCniPlugin'],
  calico: ['calicoNode', 'calicoCni'],
  none: [],
}

/** Brings the images without which there is no member of etcd. */
export const etcdImages = task<Context>({
  name: 'containerd/etcd-images',
  summary: 'Import the images of etcd',
  resources: (context) => imported(context, ['pause', 'etcd']),
})

/** Brings the images without which there is no API server. */
export const apiServerImages = task<Context>({
  name: 'containerd/api-server-images',
  summary: 'Import the images of the API server',
  resources(context) {
    const etcd: readonly ImageName[] = runsEtcd(context.cluster, context.host) ? ['etcd'] : []
    return imported(context, ['pause', ...etcd, 'apiServer'])
  },
})

/** Brings the images of the static pods that need an API server. */
export const controllerImages = task<Context>({
  name: 'containerd/controller-images',
  summary: 'Import the images of the controllers',
  resources: (context) => imported(context, ['controllerManager', 'scheduler']),
})

/** Brings the images of the pods that run on every host. */
export const containerdImages = task<Context>({
  name: 'containerd/images',
  summary: 'Import images',
  resources(context) {
    const { cni, kubeProxy } = context.cluster
    const proxy: readonly ImageName[] = kubeProxy.mode === 'none' ? [] : ['kubeProxy']
    const typha: readonly ImageName[] = usesTypha(context.cluster) ? ['calicoTypha'] : []
    const everywhere = [...proxy, ...cniImages[cni.name], ...typha]
    const endpoint: readonly ImageName[] = isNodeLocal(context.cluster) ? ['haproxy'] : []
    const first: readonly ImageName[] = isControlPlane(context.host) ? [] : ['pause', ...endpoint]
    return imported(context, [...first, ...everywhere])
  },
})

/** Brings the images of the pods that may run on any host, or any control plane, and come when all have joined. */
export const addonImages = task<Context>({
  name: 'containerd/addon-images',
  summary: 'Import the images of addons',
  resources(context) {
    const { cluster, host } = context
    const controllers: readonly ImageName[] =
      cluster.cni.name === 'calico' && isControlPlane(host) ? ['calicoKubeControllers'] : []
    return imported(context, [...controllers, 'coredns'])
  },
})

/** Brings what the cluster does not need to become ready: the image of the network check. */
export const remainingImages = task<Context>({
  name: 'containerd/remaining-images',
  summary: 'Import the remaining images',
  resources: (context) => imported(context, ['agnhost']),
})

function imported(context: Context, names: readonly ImageName[]) {
  const { cluster, host, facts, artifacts } = context
  if (cluster.artifacts.images !== 'artifacts') return []
  const upstream = upstreamImages(cluster.kubernetesVersion)
  const references = imagesOf(cluster)
  const options = { socket: host.containerd.criSocket, local: !isContainerd1(context) }
  return names.map((name) => image(artifacts.findImage(upstream[name], facts.architecture), references[name], options))
}
