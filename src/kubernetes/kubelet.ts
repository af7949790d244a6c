import type { Cluster, Host } from '../inventory/cluster.ts'
import { applyPatches, merged } from '../render/patch.ts'
import { renderText, renderYaml } from '../render/template.ts'
import type { Mapping } from '../render/yaml.ts'
import { isNode } from '../inventory/roles.ts'
import { reservedResources } from './reserved.ts'

/** kubeadm keeps its files here, wherever the kubelet's root directory is. */
export const kubeletDirectory = '/var/lib/kubelet'

/** The pair that we issue for the kubelet's own HTTPS; it reads it again when it changes. */
export const kubeletServingFiles = {
  certificate: `${kubeletDirectory}/pki/kubelet.crt`,
  key: `${kubeletDirectory}/pki/kubelet.key`,
} as const

/** What the facts of a host say to its kubelet. */
export interface KubeletFacts {
  readonly resolvConf: string
  readonly memoryBytes: number
  readonly cpus: number
}

/** `/var/lib/kubelet/config.yaml` of one host: kubeadm's, then ours, then what the inventory says. A host of etcd has one of its own. */
export function kubeletConfiguration(cluster: Cluster, host: Host, facts: KubeletFacts): Mapping {
  const { kubeReserved, systemReserved } = reservedResources(facts.memoryBytes, facts.cpus)
  const view = { criSocket: socketURL(host), kubeReserved, systemReserved }
  const { resolvConf } = facts
  const own = isNode(host)
    ? merged(
        clusterConfiguration(cluster),
        renderYaml('kubelet/host-config.yaml', { ...view, servingFiles: kubeletServingFiles, resolvConf }),
      )
    : renderYaml('kubelet/standalone.yaml', view)
  const configuration = merged(own, host.kubelet.config)
  return applyPatches(configuration, host.kubelet.patches, `kubelet.patches of ${host.name}`)
}

/** The part of the kubelet's configuration that is the same everywhere, which `kubeadm join` gives to nodes that we do not know. */
export function sharedKubeletConfiguration(cluster: Cluster): Mapping {
  const configs = cluster.hosts.filter(isNode).map(({ kubelet }) => kubelet.config)
  return merged({ ...clusterConfiguration(cluster), containerRuntimeEndpoint: '' }, commonPart(configs))
}

/** `/var/lib/kubelet/instance-config.yaml`, which kubeadm merges over what it finds in the API. */
export function instanceConfiguration(host: Host): Mapping {
  return renderYaml('kubelet/instance-config.yaml', { criSocket: socketURL(host) })
}

/** The unit of the upstream packages, for `/usr/lib/systemd/system/kubelet.service`. */
export function kubeletUnit(): string {
  return renderText('kubelet/kubelet.service', {})
}

/** The drop-in of the upstream packages, for `kubelet.service.d/10-kubeadm.conf`; Debian and Red Hat differ in one path. */
export function kubeletDropIn(packages: 'apt' | 'dnf'): string {
  const environmentFile = packages === 'apt' ? '/etc/default/kubelet' : '/etc/sysconfig/kubelet'
  return renderText('kubelet/kubelet.service.d/10-kubeadm.conf', { environmentFile })
}

/** A drop-in of our own by which a kubelet that is no node's asks no API server. */
export function kubeletStandaloneDropIn(): string {
  return renderText('kubelet/kubelet.service.d/20-standalone.conf', {})
}

/** A drop-in of our own that gives the kubelet the proxy; undefined without one. */
export function kubeletProxyDropIn({ proxy }: Cluster): string | undefined {
  if (proxy === undefined) return undefined
  const { http, https, noProxy } = proxy
  const variables = { HTTP_PROXY: http, HTTPS_PROXY: https, NO_PROXY: noProxy.join(',') }
  const lines = Object.entries(variables).flatMap(([name, value]) => (value ? [systemdQuoted(`${name}=${value}`)] : []))
  return renderText('kubelet/kubelet.service.d/20-proxy.conf', { lines })
}

function clusterConfiguration({ networking }: Cluster): Mapping {
  return renderYaml('kubelet/config.yaml', {
    // Like kubeadm: one DNS service, of the first family, also where there are two.
    clusterDNS: networking.dnsServiceIPs.slice(0, 1),
    clusterDomain: networking.dnsDomain,
  })
}

function socketURL({ containerd }: Host): string {
  return `unix://${containerd.criSocket}`
}

/** What all mappings have in common, mapping by mapping. */
function commonPart(configs: readonly Readonly<Mapping>[]): Mapping {
  const [first = {}, ...others] = configs
  const entries = Object.entries(first).flatMap(([name, value]) => {
    const values = [value, ...others.map((other) => other[name])]
    if (values.every(isPlain)) return [[name, commonPart(values)]]
    return values.every((each) => JSON.stringify(each) === JSON.stringify(value)) ? [[name, value]] : []
  })
  return Object.fromEntries(entries)
}

function isPlain(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

// Percent signs are specifiers to systemd, and quotes end its words.
function systemdQuoted(text: string): string {
  return `"${text.replaceAll('%', '%%').replaceAll(/["\\]/g, String.raw`\$&`)}"`
}
