import type { Cluster } from '../inventory/cluster.ts'
import { renderText, renderYamlDocuments } from '../render/template.ts'
import { isWorker } from '../inventory/roles.ts'
import { kubernetesObject } from './object.ts'
import type { KubernetesObject } from './object.ts'
import { imagesOf } from './versions.ts'

/** CoreDNS: account, roles, Corefile, Deployment, Service. */
export function corednsObjects(cluster: Cluster): readonly KubernetesObject[] {
  const { networking, dns, hosts } = cluster
  const documents = renderYamlDocuments('addons/coredns.yaml', {
    image: imagesOf(cluster).coredns,
    replicas: dns.replicas,
    clusterIP: networking.dnsServiceIPs[0],
    corefile: renderText('addons/Corefile', { dnsDomain: networking.dnsDomain }),
    // A preference only: DNS has to run before the first worker is there, too.
    prefersWorkers: hosts.some(isWorker),
  })
  return documents.map((value) => kubernetesObject(value, 'template addons/coredns.yaml'))
}
