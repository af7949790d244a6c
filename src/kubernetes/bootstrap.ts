import type { Cluster } from '../inventory/cluster.ts'
import { printYaml, renderText, renderYamlDocuments } from '../render/template.ts'
import { clusterConfiguration } from './kubeadm-config.ts'
import { sharedKubeletConfiguration } from './kubelet.ts'
import { clusterEndpointUrl } from './node.ts'
import { kubernetesObject } from './object.ts'
import type { KubernetesObject } from './object.ts'

/** What the bootstrap objects need beyond the inventory. */
export interface BootstrapView {
  /** Of the first control plane. */
  readonly nodeIP: string
  /** PEM of the cluster's CA certificate. */
  readonly caCertificate: string
  /** Client URLs of an etcd that is not on the control planes. */
  readonly etcdServers?: readonly string[] | undefined
}

/** Everything that `kubeadm init` leaves in the API but for tokens, addons and the mark of the control plane. */
export function bootstrapObjects(cluster: Cluster, view: BootstrapView): readonly KubernetesObject[] {
  return [
    ...bootstrapRbac(),
    kubeadmConfigMap(cluster, view.etcdServers),
    kubeletConfigMap(cluster),
    clusterInfo(cluster, view),
  ]
}

/** kubeadm's roles and bindings, those of administrators first. */
export function bootstrapRbac(): readonly KubernetesObject[] {
  return documents('bootstrap/rbac.yaml', {})
}

/** ConfigMap kubeadm-config; `etcdServers` are the client URLs of an etcd that is not on the control planes. */
export function kubeadmConfigMap(cluster: Cluster, etcdServers: readonly string[] | undefined): KubernetesObject {
  return configMap('kube-system', 'kubeadm-config', {
    ClusterConfiguration: printYaml(clusterConfiguration(cluster, etcdServers)),
  })
}

/** ConfigMap kubelet-config, without kubeadm's hash: with it, `kubeadm upgrade` would put its defaults in the place of ours. */
export function kubeletConfigMap(cluster: Cluster): KubernetesObject {
  return configMap('kube-system', 'kubelet-config', { kubelet: printYaml(sharedKubeletConfiguration(cluster)) })
}

/** ConfigMap cluster-info as it is before the controller manager signs it; its `jws-kubeconfig-*` keys are not ours. */
export function clusterInfo(cluster: Cluster, { nodeIP, caCertificate }: BootstrapView): KubernetesObject {
  const kubeconfig = renderText('bootstrap/cluster-info-kubeconfig.yaml', {
    certificateAuthorityData: Buffer.from(caCertificate, 'utf8').toString('base64'),
    server: clusterEndpointUrl(cluster, nodeIP),
  })
  return configMap('kube-public', 'cluster-info', { kubeconfig })
}

function configMap(namespace: string, name: string, data: Readonly<Record<string, string>>): KubernetesObject {
  const [object] = documents('bootstrap/config-map.yaml', { namespace, name, data })
  if (object === undefined) throw new Error('template bootstrap/config-map.yaml is empty')
  return object
}

function documents(template: string, view: Readonly<Record<string, unknown>>): readonly KubernetesObject[] {
  return renderYamlDocuments(template, view).map((value) => kubernetesObject(value, `template ${template}`))
}
