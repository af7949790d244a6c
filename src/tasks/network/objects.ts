import { calicoObjects } from '../../kubernetes/calico.ts'
import { flannelObjects } from '../../kubernetes/flannel.ts'
import type { KubernetesObject } from '../../kubernetes/object.ts'
import { addonTags } from '../../kubernetes/versions.ts'
import type { Context } from '../context.ts'
import { endpointUrl } from '../control-planes.ts'

/** The objects of the network that the inventory asks for, from upstream's manifest; none where the user brings one. */
export function networkObjects(context: Context): readonly KubernetesObject[] {
  const { cluster, manifests } = context
  const { cni } = cluster
  if (cni.name === 'none') return []
  const manifest = manifests.get(`${cni.name} ${addonTags[cni.name].replace(/^v/, '')}`)
  if (manifest === undefined) throw new Error(`the manifest of ${cni.name} was not read`)
  const server = endpointUrl(context)
  return cni.name === 'flannel'
    ? flannelObjects({ ...cluster, cni }, manifest, { server })
    : calicoObjects({ ...cluster, cni }, manifest, { server, nodeMtu: nodeMtu(context) })
}

/** Every node has to be able to carry a packet of any other one. Of a host that does not answer, the living cluster still knows. */
function nodeMtu({ cluster, fleet, observed }: Context): number | undefined {
  const living = fleet.size < cluster.hosts.length ? Number(observed.network?.['nodeMtu'] ?? 0) : 0
  const known = [...[...fleet.values()].map(({ mtu }) => mtu), living].filter((mtu) => mtu > 0)
  return known.length === 0 ? undefined : Math.min(...known)
}
