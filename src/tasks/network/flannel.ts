import { task } from '../../engine/task.ts'
import { apiObjects } from '../../resources/api-object.ts'
import { prunedObjects } from '../../resources/object-set.ts'
import type { Context } from '../context.ts'
import { localApi } from '../control-planes.ts'
import { networkObjects } from './objects.ts'

/** Flannel from upstream's manifest, where the inventory asks for it. */
export const flannel = task<Context>({
  name: 'network/flannel',
  summary: 'Install Flannel',
  resources(context) {
    if (context.cluster.cni.name !== 'flannel') return []
    const objects = networkObjects(context)
    const access = localApi(context)
    return [...apiObjects(objects, access), prunedObjects('flannel', objects, access)]
  },
})
