import { task } from '../../engine/task.ts'
import { calicoObjects } from '../../kubernetes/calico.ts'
import type { KubernetesObject } from '../../kubernetes/object.ts'
import { addonTags } from '../../kubernetes/versions.ts'
import { apiObjects } from '../../resources/api-object.ts'
import { prunedObjects } from '../../resources/object-set.ts'
import type { Context } from '../context.ts'
import { endpointUrl, localApi } from '../control-planes.ts'

/** Calico on the nodes, from upstream's manifest, where the inventory asks for it. */
export const calico = task<Context>({
  name: 'network/calico',
  summary: 'Install Calico',
  resources(context) {
    const objects = wantedObjects(context)
    const access = localApi(context)
    const onNodes = objects.filter((object) => !isController(object))
    return objects.length === 0 ? [] : [...apiObjects(onNodes, access), prunedObjects('calico', objects, access)]
  },
})

/** Calico's controllers: a pod like any other, so they come when nodes have their network, and do not fail before that. */
export const calicoControllers = task<Context>({
  name: 'network/calico-controllers',
  summary: 'Install the controllers of Calico',
  resources(context) {
    const controllers = wantedObjects(context).filter(isController)
    return controllers.length === 0 ? [] : apiObjects(controllers, localApi(context))
  },
})

function wantedObjects(context: Context): readonly KubernetesObject[] {
  const { cluster } = context
  const { cni } = cluster
  if (cni.name !== 'calico') return []
  const manifest = context.manifests.get(`calico ${addonTags.calico.replace(/^v/, '')}`)
  if (manifest === undefined) throw new Error('the manifest of Calico was not read')
  return calicoObjects({ ...cluster, cni }, manifest, { server: endpointUrl(context), nodeMtu: nodeMtu(context) })
}

function isController({ kind, metadata }: KubernetesObject): boolean {
  return kind === 'Deployment' && metadata.name === 'calico-kube-controllers'
}

/** Every node has to be able to carry a packet of any other one. Of a host that does not answer, the living cluster still knows. */
function nodeMtu({ cluster, fleet, observed }: Context): number | undefined {
  const living = fleet.size < cluster.hosts.length ? Number(observed.network?.['nodeMtu'] ?? 0) : 0
  const known = [...[...fleet.values()].map(({ mtu }) => mtu), living].filter((mtu) => mtu > 0)
  return known.length === 0 ? undefined : Math.min(...known)
}
