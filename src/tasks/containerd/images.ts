import { task } from '../../engine/task.ts'
import type { Cni } from '../../inventory/cluster.ts'
import { usesTypha } from '../../kubernetes/calico.ts'
import { isNodeLocal } from '../../kubernetes/node.ts'
import { imagesOf, upstreamImages, type ImageName } from '../../kubernetes/versions.ts'
import { image } from '../../resources/image.ts'
import type { Context } from '../context.ts'

/** A static pod needs its image when the kubelet starts; everything else may come while the API server starts. */
const staticPods: readonly ImageName[] = ['pause', 'etcd', 'apiServer', 'controllerManager', 'scheduler']

/** Calico's controllers, and Typha, may run on any host. */
const cniImages: Readonly<Record<Cni['name'], readonly ImageName[]>> = {
  flannel: ['flannel', 'flannelCniPlugin'],
  calico: ['calicoNode', 'calicoCni', 'calicoKubeControllers'],
  none: [],
}

/** Brings the images of a control plane's static pods. */
export const controlPlaneImages = task<Context>({
  name: 'containerd/control-plane-images',
  summary: 'Import the images of the control plane',
  resources: (context) => imported(context, staticPods),
})

/** Brings the images of the pods that run on every host; cluster DNS goes to workers where there are some. */
export const containerdImages = task<Context>({
  name: 'containerd/images',
  summary: 'Import images',
  resources(context) {
    const { cni, kubeProxy } = context.cluster
    const proxy: readonly ImageName[] = kubeProxy.mode === 'none' ? [] : ['kubeProxy']
    const typha: readonly ImageName[] = usesTypha(context.cluster) ? ['calicoTypha'] : []
    const everywhere = [...proxy, ...cniImages[cni.name], ...typha]
    const endpoint: readonly ImageName[] = isNodeLocal(context.cluster) ? ['haproxy'] : []
    const first: readonly ImageName[] = isControlPlane(context) ? [] : ['pause', ...endpoint]
    return imported(context, [...first, ...everywhere, ...(mayWaitForDns(context) ? [] : ['coredns' as const])])
  },
})

/** Brings what the cluster does not need to become ready: the image of the network check, and DNS where it may move to. */
export const remainingImages = task<Context>({
  name: 'containerd/remaining-images',
  summary: 'Import the remaining images',
  resources: (context) => imported(context, [...(mayWaitForDns(context) ? ['coredns' as const] : []), 'agnhost']),
})

function isControlPlane({ host }: Context): boolean {
  return host.roles.includes('control-plane')
}

/** A control plane gets cluster DNS only later, and then only where the workers are as many as its pods, or one would start there without the image. */
function mayWaitForDns(context: Context): boolean {
  const workers = context.cluster.hosts.filter(({ roles }) => !roles.includes('control-plane'))
  return isControlPlane(context) && workers.length >= context.cluster.dns.replicas
}

function imported({ cluster, host, facts, artifacts }: Context, names: readonly ImageName[]) {
  if (cluster.artifacts.images !== 'artifacts') return []
  const upstream = upstreamImages(cluster.kubernetesVersion)
  const references = imagesOf(cluster)
  return names.map((name) =>
    image(artifacts.findImage(upstream[name], facts.architecture), references[name], host.containerd.criSocket),
  )
}
