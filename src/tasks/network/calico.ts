import { isDeepStrictEqual } from 'node:util'
import type { Resource } from '../../engine/resource.ts'
import { task } from '../../engine/task.ts'
import type { KubernetesObject } from '../../kubernetes/object.ts'
import { apiObjects, type ObjectState } from '../../resources/api-object.ts'
import { prunedObjects } from '../../resources/object-set.ts'
import type { Context } from '../context.ts'
import { localApi } from '../control-planes.ts'
import { networkObjects } from './objects.ts'

/** Calico on the nodes, from upstream's manifest, where the inventory asks for it. */
export const calico = task<Context>({
  name: 'network/calico',
  summary: 'Install Calico',
  resources(context) {
    if (context.cluster.cni.name !== 'calico') return []
    const objects = networkObjects(context)
    const access = localApi(context)
    const onNodes = objects.filter((object) => !isController(object))
    return [...apiObjects(onNodes, access), prunedObjects('calico', objects, access)]
  },
})

/** Calico's controllers: a pod like any other, so they come when nodes have their network, and do not fail before that. */
export const calicoControllers = task<Context>({
  name: 'network/calico-controllers',
  summary: 'Install the controllers of Calico',
  resources(context) {
    if (context.cluster.cni.name !== 'calico') return []
    const controllers = apiObjects(networkObjects(context).filter(isController), localApi(context))
    return context.nodes === undefined ? controllers : controllers.map(ofSameImages)
  },
})

/** In an operation on nodes the control planes that stay get no images, so controllers of another image are left to the next apply. */
function ofSameImages(resource: Resource<ObjectState>): Resource<ObjectState> {
  const compare = (state: ObjectState) =>
    state.live !== undefined && isDeepStrictEqual(imagesOf(state.live), imagesOf(state.wanted))
      ? resource.compare(state)
      : undefined
  return { ...resource, compare }
}

function imagesOf(deployment: ObjectState['wanted']): readonly string[] {
  const { spec } = (deployment ?? {}) as Partial<Deployment>
  return spec?.template.spec.containers.map(({ image }) => image) ?? []
}

interface Deployment {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } }
  }
}

function isController({ kind, metadata }: KubernetesObject): boolean {
  return kind === 'Deployment' && metadata.name === 'calico-kube-controllers'
}
