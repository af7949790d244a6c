import type { Cni } from '../inventory/cluster.ts'
import { isMapping } from '../render/yaml.ts'
import type { KubernetesObject } from './object.ts'

/** The annotation of a network's DaemonSet with the options that a living cluster has for good. */
export const networkAnnotation = 'kubewright.dev/network'

/** Options by their names in the inventory. */
export type NetworkOptions = Readonly<Record<string, string>>

/**
 * The options of a network that cannot be changed while pods use it: nodes with the old and nodes with the new value would not
 * reach each other, or what exists keeps the old value.
 */
export function lastingOptions(cni: Cni): NetworkOptions {
  switch (cni.name) {
    case 'none':
      return { name: cni.name }
    case 'flannel':
      return {
        name: cni.name,
        backend: cni.backend,
        ...(cni.backend === 'vxlan' ? vxlan(cni) : {}),
      }
    case 'calico':
      return {
        name: cni.name,
        encapsulation: cni.encapsulation,
        ...(cni.encapsulation.startsWith('vxlan') ? vxlan(cni) : {}),
        blockSize: String(cni.blockSize),
        ipv6BlockSize: String(cni.ipv6BlockSize),
      }
  }
}

function vxlan({ port, vni }: { readonly port: number; readonly vni: number }): NetworkOptions {
  return { vni: String(vni), port: String(port) }
}

/** The DaemonSet with its network's options, and what else a later run wants to know of the living cluster. */
export function withNetworkOptions(object: KubernetesObject, cni: Cni, known: NetworkOptions = {}): KubernetesObject {
  const { metadata } = object
  const options = { ...lastingOptions(cni), ...known }
  const annotations = { ...metadata.annotations, [networkAnnotation]: JSON.stringify(options) }
  return { ...object, metadata: { ...metadata, annotations } }
}

/** The options that an annotation holds; undefined if it is none of ours. */
export function parseNetworkOptions(text: string): NetworkOptions | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (!isMapping(value)) return undefined
    return Object.fromEntries(Object.entries(value).map(([name, option]) => [name, String(option)]))
  } catch {
    return undefined
  }
}

/** The variables that lead a network's pods to the API as their node goes there, by the names that clients in pods read. */
export function apiVariables(server: string): Readonly<Record<string, string>> {
  const { hostname, port } = new URL(server)
  return {
    KUBERNETES_SERVICE_HOST: hostname.replaceAll(/[[\]]/g, ''),
    KUBERNETES_SERVICE_PORT: port === '' ? '443' : port,
  }
}
