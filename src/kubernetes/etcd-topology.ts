import type { Cluster, Host } from '../inventory/cluster.ts'
import { isNode } from '../inventory/roles.ts'
import { pkiDirectory } from './node.ts'

/** Whether etcd runs beside each API server: it is neither somebody else's, nor has it hosts of its own. */
export function isStacked({ etcd, hosts }: Pick<Cluster, 'etcd' | 'hosts'>): boolean {
  return etcd.external === undefined && hosts.every(isNode)
}

/** Whether this host runs a member of etcd. */
export function runsEtcd(cluster: Pick<Cluster, 'etcd' | 'hosts'>, host: Pick<Host, 'roles'>): boolean {
  return !isNode(host) || (isStacked(cluster) && host.roles.includes('control-plane'))
}

/** What to do by hand when a host that runs etcd alone shall go. */
export function etcdHostLeaves(name: string): string {
  return (
    `Remove its member on another host of etcd ("etcdctl member remove"), run "kubewright reset ${name}" if the host lives, ` +
    'take it out of the inventory, and run "kubewright apply", so that the API servers learn of it.'
  )
}

/** By what API servers come to an etcd that is not beside them: the places of kubeadm's guide. */
export const etcdClientFiles = {
  ca: `${pkiDirectory}/etcd/ca.crt`,
  certificate: `${pkiDirectory}/apiserver-etcd-client.crt`,
  key: `${pkiDirectory}/apiserver-etcd-client.key`,
} as const
