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

/** The port on which each API server listens; an endpoint that the inventory names is a load balancer with a port of its own. */
export function apiServerPort({ apiServer, controlPlaneEndpoint }: Cluster): number {
  const given = flagValue(apiServer.extraArgs, 'secure-port')
  if (given !== undefined) return Number(given)
  return controlPlaneEndpoint.explicit ? 6443 : controlPlaneEndpoint.port
}

/** The URL of the API server on one control plane. */
export function localEndpointUrl(cluster: Cluster, nodeIP: string): string {
  return `https://${joinHostPort(nodeIP, apiServerPort(cluster))}`
}

/** The URL by which everyone reaches the API: the inventory's endpoint, or else the first control plane. */
export function clusterEndpointUrl(cluster: Cluster, firstControlPlaneIP: string): string {
  const { address, port, explicit } = cluster.controlPlaneEndpoint
  return explicit ? `https://${joinHostPort(address, port)}` : localEndpointUrl(cluster, firstControlPlaneIP)
}

/** The first control plane of the inventory. */
export function firstControlPlane<Member extends { readonly roles: readonly string[] }>(
  hosts: readonly Member[],
): Member {
  const first = hosts.find(({ roles }) => roles.includes('control-plane'))
  if (first === undefined) throw new Error('The cluster has no control plane.')
  return first
}
