import { task } from '../../engine/task.ts'
import { inputsAnnotation } from '../../kubernetes/inputs.ts'
import { kubeProxyObjects } from '../../kubernetes/kube-proxy.ts'
import type { KubernetesObject } from '../../kubernetes/object.ts'
import { listedPods, podList } from '../../kubernetes/pod-list.ts'
import { gate } from '../../resources/gate.ts'
import { sh } from '../../transport/command.ts'
import type { Context } from '../context.ts'
import { firstControlPlaneIP, localApi } from '../control-planes.ts'
import { networkObjects } from '../network/objects.ts'

/** kube-proxy and the network ask the present endpoint on every node; after that an endpoint of before may go. */
export const endpointFollowed = task<Context>({
  name: 'endpoint/followed',
  summary: 'Wait until kube-proxy and the network follow the endpoint',
  resources(context) {
    const { cluster, run } = context
    const proxy = kubeProxyObjects(cluster, { nodeIP: firstControlPlaneIP(context) })
    const wanted = new Map([...proxy, ...networkObjects(context)].flatMap(inputsOfPods))
    if (wanted.size === 0) return []
    const { server } = localApi(context)
    return [
      gate('endpoint', {
        title: 'pods that ask the API by the endpoint',
        script: podList(server),
        missing(output) {
          const waiting = behind(output, wanted).filter(({ node }) => run.includes(node))
          const places = waiting.map(({ owner, node }) => `${owner} on ${node}`)
          return places.length === 0 ? undefined : `not made anew yet: ${places.join(', ')}`
        },
        gate: {
          // A DaemonSet makes its pods anew one after the other, and so does a Deployment whose pods have a port of the host.
          limit: Math.max(300, run.length * 15),
          interval: 1,
          explain: sh`kw_kubectl ${server} --request-timeout=10s get daemonsets -A`,
        },
      }),
    ]
  },
})

/** How the pods of a DaemonSet or a Deployment are found, and the digest that they shall have, if any. */
function inputsOfPods({ kind, metadata, spec }: KubernetesObject): readonly [string, string][] {
  if (kind !== 'DaemonSet' && kind !== 'Deployment') return []
  const { template } = spec as { readonly template: Pick<KubernetesObject, 'metadata'> }
  return [[`${metadata.namespace}/${metadata.name}`, template.metadata.annotations?.[inputsAnnotation] ?? '']]
}

/**
 * Pods that were made for another endpoint, or with another configuration; one that is not placed yet is on no node. One that has
 * ended asks nobody, and a Deployment leaves it where it is.
 */
function behind(output: string, wanted: ReadonlyMap<string, string>) {
  return listedPods(output).filter(({ namespace, owner, phase, inputs }) => {
    const those = wanted.get(`${namespace}/${owner}`)
    return those !== undefined && inputs !== those && phase !== 'Succeeded' && phase !== 'Failed'
  })
}
