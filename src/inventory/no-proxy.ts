import type { ControlPlaneEndpoint, Host, Networking } from './cluster.ts'

/** What a proxy must not carry: the inventory's own list, then this machine, the cluster's addresses, its names and its hosts. */
export function completeNoProxy(
  own: readonly string[],
  networking: Networking,
  endpoint: ControlPlaneEndpoint,
  hosts: readonly Host[],
): string[] {
  const entries = [
    ...own,
    'localhost',
    '127.0.0.0/8',
    '::1',
    ...networking.podSubnets,
    ...networking.serviceSubnets,
    '.svc',
    `.${networking.dnsDomain}`,
    endpoint.address,
    ...hosts.flatMap(({ name, ssh, nodeIP }) => [name, ssh.address, ...(nodeIP === undefined ? [] : [nodeIP])]),
  ]
  return [...new Set(entries)]
}
