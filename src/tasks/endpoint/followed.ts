import { task } from '../../engine/task.ts'
import { inputsAnnotation } from '../../kubernetes/inputs.ts'
import { kubeProxyInputs } from '../../kubernetes/kube-proxy.ts'
import { gate } from '../../resources/gate.ts'
import { sh } from '../../transport/command.ts'
import type { Context } from '../context.ts'
import { firstControlPlaneIP, localApi } from '../control-planes.ts'

/** kube-proxy asks the present endpoint on every node; after that an endpoint of before may go. */
export const endpointFollowed = task<Context>({
  name: 'endpoint/followed',
  summary: 'Wait until kube-proxy follows the endpoint',
  resources(context) {
    const { cluster, fleet } = context
    if (cluster.kubeProxy.mode === 'none') return []
    const { server } = localApi(context)
    const wanted = kubeProxyInputs(cluster, { nodeIP: firstControlPlaneIP(context) }) ?? ''
    const pods = sh`kw_kubectl ${server} get pods -n kube-system -l k8s-app=kube-proxy --request-timeout=10s`
    return [
      gate('endpoint', {
        title: 'kube-proxy',
        script: sh`[ -e /etc/kubernetes/admin.conf ] && ${pods} -o jsonpath=${fields}`,
        missing(output) {
          const waiting = behind(output, wanted).filter((name) => fleet.has(name))
          return waiting.length === 0 ? undefined : `asks an earlier endpoint yet on ${waiting.join(', ')}`
        },
        gate: { limit: 300, interval: 1, explain: sh`${pods} -o wide` },
      }),
    ]
  },
})

const fields = `{range .items[*]}{.spec.nodeName} {.metadata.annotations.${inputsAnnotation.replaceAll('.', String.raw`\.`)}}{"\\n"}{end}`

/** Nodes whose pod was made for another endpoint; a pod that is not placed yet has none. */
function behind(output: string, wanted: string): readonly string[] {
  return output.split('\n').flatMap((line) => {
    const [node = '', inputs = ''] = line.split(' ')
    return node === '' || inputs === wanted ? [] : [node]
  })
}
