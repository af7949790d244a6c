import { isIPv6 } from 'node:net'
import type { Cluster } from '../inventory/cluster.ts'
import { flagValue } from './flags.ts'

/** kubeadm's directories. */
export const kubernetesDirectory = '/etc/kubernetes'
export const pkiDirectory = `${kubernetesDirectory}/pki`
export const manifestsDirectory = `${kubernetesDirectory}/manifests`

/** kubeadm's default, also for its kubeconfigs: the inventory's name of the cluster is ours alone. */
export const clusterName = 'kubernetes'

/** `10.0.0.1:6443`, `[fd00::1]:6443`. */
export function joinHostPort(host: string, port: number): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`
}

/** The loopback address of an address' family. */
export function loopbackOf(address: string): string {
  return isIPv6(address) ? '::1' : '127.0.0.1'
}

/** Tells `fd00::/64` from `10.0.0.0/8`. */
export function isIPv6Subnet(subnet: string): boolean {
  return isIPv6(subnet.split('/')[0] ?? '')
}

/** The port on which each API server listens; only the user's own load balancer has a port of its own. */
export function apiServerPort({ apiServer, controlPlaneEndpoint }: Cluster): number {
  const given = flagValue(apiServer.extraArgs, 'secure-port')
  if (given !== undefined) return Number(given)
  const { explicit, port, provider } = controlPlaneEndpoint
  return explicit && provider === 'external' ? 6443 : port
}

/** The port of the endpoint. */
export function endpointPort(cluster: Cluster): number {
  const { port, provider } = cluster.controlPlaneEndpoint
  return provider === 'external' ? port : apiServerPort(cluster)
}

/** Whether every node reaches the API on its own loopback address: a proxy on workers, the API server itself on control planes. */
export function isNodeLocal({ controlPlaneEndpoint }: Pick<Cluster, 'controlPlaneEndpoint'>): boolean {
  return controlPlaneEndpoint.provider === 'node-local'
}

/** Whether the control planes hold an address of the API among them. */
export function isVirtualIP({ controlPlaneEndpoint }: Pick<Cluster, 'controlPlaneEndpoint'>): boolean {
  return controlPlaneEndpoint.provider === 'virtual-ip'
}

/** The URL of the API server on one control plane. */
export function localEndpointUrl(cluster: Cluster, nodeIP: string): string {
  return `https://${joinHostPort(nodeIP, apiServerPort(cluster))}`
}

/** The URL by which those reach the API that are no node: the inventory's endpoint, or else the given control plane. */
export function clusterEndpointUrl(cluster: Cluster, controlPlaneIP: string): string {
  const { address, explicit } = cluster.controlPlaneEndpoint
  if (!explicit || isNodeLocal(cluster)) return localEndpointUrl(cluster, controlPlaneIP)
  return `https://${joinHostPort(address, endpointPort(cluster))}`
}

/** The URL by which every node reaches the API. */
export function nodeEndpointUrl(cluster: Cluster, controlPlaneIP: string): string {
  if (!isNodeLocal(cluster)) return clusterEndpointUrl(cluster, controlPlaneIP)
  return localEndpointUrl(cluster, cluster.controlPlaneEndpoint.address)
}

/** The first control plane of the inventory. */
export function firstControlPlane<Member extends { readonly roles: readonly string[] }>(
  hosts: readonly Member[],
): Member {
  const first = hosts.find(({ roles }) => roles.includes('control-plane'))
  if (first === undefined) throw new Error('The cluster has no control plane.')
  return first
}
