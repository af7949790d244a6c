import { task } from '../../engine/task.ts'
import { calicoObjects } from '../../kubernetes/calico.ts'
import type { KubernetesObject } from '../../kubernetes/object.ts'
import { addonTags } from '../../kubernetes/versions.ts'
import { apiObjects } from '../../resources/api-object.ts'
import { gate } from '../../resources/gate.ts'
import { prunedObjects } from '../../resources/object-set.ts'
import { sh } from '../../transport/command.ts'
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

/**
 * Calico's controllers, a pod like any other. A node is Ready as soon as Calico's plugin is configured, and pods that come before
 * Calico itself runs there fail and are tried again much later; so these wait for Calico's own health, and cluster DNS after them.
 */
export const calicoControllers = task<Context>({
  name: 'network/calico-controllers',
  summary: 'Install the controllers of Calico',
  resources(context) {
    const controllers = wantedObjects(context).filter(isController)
    return controllers.length === 0 ? [] : [calicoReady(context), ...apiObjects(controllers, localApi(context))]
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

function calicoReady(context: Context) {
  const { server } = localApi(context)
  const fields =
    '{range .items[*]}{.kind} {.metadata.name} {.status.conditions[?(@.type=="Ready")].status} {.spec.nodeName} {.metadata.labels.k8s-app}{"\\n"}{end}'
  return gate('calico', {
    title: 'Calico',
    script: sh`[ -e /etc/kubernetes/admin.conf ] && kw_kubectl ${server} get nodes,pods -n kube-system -o jsonpath=${fields} --request-timeout=10s`,
    missing: calicoMissing,
    gate: {
      limit: 240,
      interval: 1,
      explain: sh`kw_kubectl ${server} --request-timeout=10s -n kube-system get pods -l k8s-app=calico-node -o wide
kw_kubectl ${server} --request-timeout=10s -n kube-system logs -l k8s-app=calico-node --all-containers --tail=15`,
    },
  })
}

/** A node whose kubelet is silent has a wait of its own, so that it does not hold up the others. */
export function calicoMissing(output: string): string | undefined {
  const rows = output.split('\n').map((line) => line.split(' '))
  const nodes = rows.flatMap(([kind, name = '', ready]) => (kind === 'Node' && ready !== 'Unknown' ? [name] : []))
  if (nodes.length === 0) return 'no node is there yet'
  const served = new Set(
    rows.flatMap(([kind, , ready, node = '', app]) =>
      kind === 'Pod' && app === 'calico-node' && ready === 'True' ? [node] : [],
    ),
  )
  const waiting = nodes.filter((name) => !served.has(name))
  return waiting.length === 0 ? undefined : `not ready yet on ${waiting.join(', ')}`
}
