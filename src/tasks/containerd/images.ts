import { task } from '../../engine/task.ts'
import { imagesOf, upstreamImages, type ImageName } from '../../kubernetes/versions.ts'
import { image } from '../../resources/image.ts'
import type { Context } from '../context.ts'

/** CoreDNS prefers workers but may come to run on a control plane before there is one, so every node has its image. */
const everywhere: readonly ImageName[] = ['pause', 'kubeProxy', 'flannel', 'flannelCniPlugin', 'coredns']
const controlPlane: readonly ImageName[] = ['etcd', 'apiServer', 'controllerManager', 'scheduler']

/** Brings the images of the pods that run on this host, where they come with the artifacts. */
export const containerdImages = task<Context>({
  name: 'containerd/images',
  summary: 'Import images',
  resources: (context) =>
    imported(context, [...(context.host.roles.includes('control-plane') ? controlPlane : []), ...everywhere]),
})

/** Brings the image of the pods by which a finished cluster is proved to work. */
export const containerdProofImage = task<Context>({
  name: 'containerd/proof-image',
  summary: 'Import the image for the proof',
  resources: (context) => imported(context, ['agnhost']),
})

function imported({ cluster, host, facts, artifacts }: Context, names: readonly ImageName[]) {
  if (cluster.artifacts.images !== 'artifacts') return []
  const upstream = upstreamImages(cluster.kubernetesVersion)
  const references = imagesOf(cluster)
  return names.map((name) =>
    image(artifacts.findImage(upstream[name], facts.architecture), references[name], host.containerd.criSocket),
  )
}
