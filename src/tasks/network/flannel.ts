import { task } from '../../engine/task.ts'
import { flannelObjects } from '../../kubernetes/flannel.ts'
import { addonTags } from '../../kubernetes/versions.ts'
import { apiObjects } from '../../resources/api-object.ts'
import { prunedObjects } from '../../resources/object-set.ts'
import type { Context } from '../context.ts'
import { endpointUrl, localApi } from '../control-planes.ts'

/** Flannel from upstream's manifest, where the inventory asks for it. */
export const flannel = task<Context>({
  name: 'network/flannel',
  summary: 'Install Flannel',
  resources(context) {
    const { cluster } = context
    const { cni } = cluster
    if (cni.name !== 'flannel') return []
    const manifest = context.manifests.get(`flannel ${addonTags.flannel.replace(/^v/, '')}`)
    if (manifest === undefined) throw new Error('the manifest of Flannel was not read')
    const objects = flannelObjects({ ...cluster, cni }, manifest, { server: endpointUrl(context) })
    const access = localApi(context)
    return [...apiObjects(objects, access), prunedObjects('flannel', objects, access)]
  },
})
