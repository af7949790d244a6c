import { task } from '../../engine/task.ts'
import type { KubernetesObject } from '../../kubernetes/object.ts'
import { apiObjects } from '../../resources/api-object.ts'
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
    return apiObjects(networkObjects(context).filter(isController), localApi(context))
  },
})

function isController({ kind, metadata }: KubernetesObject): boolean {
  return kind === 'Deployment' && metadata.name === 'calico-kube-controllers'
}
