import { task } from '../../engine/task.ts'
import { calicoObjects } from '../../kubernetes/calico.ts'
import { addonTags } from '../../kubernetes/versions.ts'
import { apiObjects } from '../../resources/api-object.ts'
import type { Context } from '../context.ts'
import { localApi } from '../control-planes.ts'

/** Calico from upstream's manifest, where the inventory asks for it. */
export const calico = task<Context>({
  name: 'network/calico',
  summary: 'Install Calico',
  resources(context) {
    const { cluster } = context
    const { cni } = cluster
    if (cni.name !== 'calico') return []
    const manifest = context.manifests.get(`calico ${addonTags.calico.replace(/^v/, '')}`)
    if (manifest === undefined) throw new Error('the manifest of Calico was not read')
    return apiObjects(calicoObjects({ ...cluster, cni }, manifest, { nodeMtu: nodeMtu(context) }), localApi(context))
  },
})

/** Every node has to be able to carry a packet of any other one. */
function nodeMtu({ fleet }: Context): number | undefined {
  const known = [...fleet.values()].flatMap(({ mtu }) => (mtu > 0 ? [mtu] : []))
  return known.length === 0 ? undefined : Math.min(...known)
}
