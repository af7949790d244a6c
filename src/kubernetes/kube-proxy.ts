import { isIPv6 } from 'node:net'
import type { Cluster } from '../inventory/cluster.ts'
import { applyPatches, merged } from '../render/patch.ts'
import { printYaml, renderText, renderYaml, renderYamlDocuments } from '../render/template.ts'
import type { Mapping } from '../render/yaml.ts'
import { inputsAnnotation, sha256 } from './inputs.ts'
import { nodeEndpointUrl } from './node.ts'
import { kubernetesObject } from './object.ts'
import type { KubernetesObject } from './object.ts'
import { imagesOf } from './versions.ts'

/** What kube-proxy needs beyond the inventory. */
export interface KubeProxyView {
  /** Of the first control plane. */
  readonly nodeIP: string
}

/** kube-proxy, where the inventory has it: account, roles, configuration, DaemonSet (which the inventory's patches change). */
export function kubeProxyObjects(cluster: Cluster, view: KubeProxyView): readonly KubernetesObject[] {
  if (cluster.kubeProxy.mode === 'none') return []
  const inputs = kubeProxyInputs(cluster, view)
  const documents = renderYamlDocuments('addons/kube-proxy.yaml', {
    image: imagesOf(cluster).kubeProxy,
    configuration: printYaml(kubeProxyConfiguration(cluster, view)),
    kubeconfig: kubeconfigOf(cluster, view),
    annotations: inputs === undefined ? false : { [inputsAnnotation]: inputs },
  })
  const objects = documents.map((value) => kubernetesObject(value, 'template addons/kube-proxy.yaml'))
  return objects.map((object) =>
    object.kind === 'DaemonSet' ? applyPatches(object, cluster.kubeProxy.patches, 'spec.kubeProxy.patches') : object,
  )
}

/**
 * What the pods are annotated with, so that they are made anew when the endpoint changes: kube-proxy does not read its kubeconfig
 * again. Without an endpoint there is nothing, as with kubeadm.
 */
export function kubeProxyInputs(cluster: Cluster, view: KubeProxyView): string | undefined {
  return cluster.controlPlaneEndpoint.explicit ? `sha256:${sha256(kubeconfigOf(cluster, view))}` : undefined
}

function kubeconfigOf(cluster: Cluster, { nodeIP }: KubeProxyView): string {
  return renderText('addons/kube-proxy-kubeconfig.yaml', { server: nodeEndpointUrl(cluster, nodeIP) })
}

/** The KubeProxyConfiguration with the inventory's fields merged over it; kube-proxy ends and starts anew when it changes. */
export function kubeProxyConfiguration(cluster: Cluster, { nodeIP }: KubeProxyView): Mapping {
  const configuration = renderYaml('addons/kube-proxy-config.yaml', {
    bindAddress: isIPv6(nodeIP) ? '::' : '0.0.0.0',
    clusterCIDR: cluster.networking.podSubnets.join(','),
    mode: cluster.kubeProxy.mode,
  })
  return merged(configuration, cluster.kubeProxy.config)
}
