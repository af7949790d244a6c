import { renderYamlDocuments } from '../render/template.ts'
import { calicoMtu, usesBgp, usesTypha, type CalicoCluster, type CalicoView } from './calico-options.ts'
import { withControllers, withNodePods } from './calico-pods.ts'
import { inputsDigest, inputsOfConfigMaps } from './inputs.ts'
import { manifestReader } from './manifest.ts'
import { apiVariables } from './network.ts'
import { isIPv6Subnet } from './node.ts'
import { inApplyOrder, kubernetesObject, objectName, type KubernetesObject } from './object.ts'
import { imagesOf } from './versions.ts'

const reader = manifestReader('Calico')
const configMapName = 'ConfigMap kube-system/calico-config'
const daemonSetName = 'DaemonSet kube-system/calico-node'
const controllersName = 'Deployment kube-system/calico-kube-controllers'

/** Upstream's manifest with the cluster's pools, encapsulation, MTU, addresses and images; an error names what it does not find. */
export function calicoObjects(cluster: CalicoCluster, manifest: string, view: CalicoView): readonly KubernetesObject[] {
  const objects = reader.objects(manifest)
  const configMap = withConfiguration(only(objects, configMapName), cluster, view)
  const endpoint = servicesEndpoint(view)
  const daemonSet = withNodePods(only(objects, daemonSetName), cluster, [configMap, endpoint], view)
  const controllers = withControllers(only(objects, controllersName), cluster)
  const edited = new Map([configMap, daemonSet, controllers].map((object) => [objectName(object), object]))
  const wanted = objects.map((object) => edited.get(objectName(object)) ?? object)
  return inApplyOrder([...wanted, endpoint, ...typhaObjects(cluster, endpoint)])
}

/**
 * Upstream's optional word for where Calico on the nodes finds the API: as the node does. The service of the API is there only when
 * kube-proxy is, and who comes first would be a race that costs ten seconds.
 */
function servicesEndpoint({ server }: CalicoView): KubernetesObject {
  const metadata = { name: 'kubernetes-services-endpoint', namespace: 'kube-system' }
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: apiVariables(server) }
}

/** One for 150 nodes, as upstream advises, and three at least where there are as many nodes: it has a port of the host. */
function typhaObjects(cluster: CalicoCluster, endpoint: KubernetesObject): readonly KubernetesObject[] {
  if (!usesTypha(cluster)) return []
  const nodes = cluster.hosts.length
  const replicas = Math.min(nodes, Math.max(3, Math.ceil(nodes / 150)))
  // It finds the API as Calico on the nodes does, and only when it starts.
  const inputs = inputsDigest(inputsOfConfigMaps([endpoint]))
  const view = { image: imagesOf(cluster).calicoTypha, replicas, inputs }
  const template = 'network/calico-typha.yaml'
  return renderYamlDocuments(template, view).map((value) => kubernetesObject(value, `template ${template}`))
}

function withConfiguration(configMap: KubernetesObject, cluster: CalicoCluster, view: CalicoView): KubernetesObject {
  const data = reader.mapping(configMap, 'data')
  for (const key of ['calico_backend', 'veth_mtu']) reader.text(data, key, configMapName)
  return {
    ...configMap,
    data: {
      ...data,
      typha_service_name: usesTypha(cluster) ? 'calico-typha' : 'none',
      calico_backend: usesBgp(cluster.cni) ? 'bird' : 'vxlan',
      veth_mtu: String(calicoMtu(cluster, view)),
      cni_network_config: pluginConfiguration(
        reader.text(data, 'cni_network_config', configMapName),
        cluster.networking.podSubnets,
      ),
    },
  }
}

/** The plugin hands out IPv4 addresses unless it is told of the families. */
function pluginConfiguration(upstream: string, podSubnets: readonly string[]): string {
  if (!podSubnets.some(isIPv6Subnet)) return upstream
  // The MTU is a word that becomes a number on the host, so that this is JSON only when the word is in quotes.
  const quoted = upstream.replace(/:\s*(__\w+__)/g, ': "$1"')
  const configuration = reader.json(quoted, `cni_network_config of ${configMapName}`)
  const plugins = reader.mappings(configuration, 'plugins').map((plugin) => {
    if (plugin['type'] !== 'calico') return plugin
    const ipv4 = podSubnets.some((subnet) => !isIPv6Subnet(subnet))
    const families = { assign_ipv4: String(ipv4), assign_ipv6: 'true' }
    return { ...plugin, ipam: { ...reader.mapping(plugin, 'ipam'), ...families } }
  })
  return JSON.stringify({ ...configuration, plugins }, null, 2).replace(/"mtu": "(__\w+__)"/, '"mtu": $1')
}

function only(objects: readonly KubernetesObject[], name: string): KubernetesObject {
  const found = objects.find((object) => objectName(object) === name)
  if (found === undefined) throw reader.missing(name)
  return found
}
