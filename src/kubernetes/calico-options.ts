import type { CalicoOptions, Cluster } from '../inventory/cluster.ts'
import { isIPv6Subnet } from './node.ts'

/** A cluster whose inventory asks for Calico. */
export interface CalicoCluster extends Cluster {
  readonly cni: CalicoOptions
}

/** What Calico needs beyond the inventory. */
export interface CalicoView {
  /** The URL by which nodes reach the API. */
  readonly server: string
  /** The smallest MTU of the nodes' interfaces; undefined if it is not known. */
  readonly nodeMtu: number | undefined
}

/** Whether Typha stands between Calico's pods and the API, which each of them would watch otherwise. */
export function usesTypha({ cni, hosts }: Pick<Cluster, 'cni' | 'hosts'>): boolean {
  return cni.name === 'calico' && hosts.length >= cni.typhaNodes
}

/** Bytes that each encapsulation adds to a packet; over IPv6 its header is 20 bytes longer. */
const overhead = { vxlan: 50, 'vxlan-cross-subnet': 50, ipip: 20, none: 0 } as const

/** The MTU of pods: the inventory's, or what the smallest of the nodes' interfaces leaves; 0 lets Calico look for itself. */
export function calicoMtu({ cni, networking }: CalicoCluster, { nodeMtu }: Pick<CalicoView, 'nodeMtu'>): number {
  if (cni.mtu !== undefined) return cni.mtu
  if (nodeMtu === undefined) return 0
  const ipv6 = networking.podSubnets.some(isIPv6Subnet)
  return nodeMtu - overhead[cni.encapsulation] - (ipv6 && overhead[cni.encapsulation] > 0 ? 20 : 0)
}

/** Whether routes between nodes travel by BGP. VXLAN needs none, so that a part of Calico need not run. */
export function usesBgp({ encapsulation }: Pick<CalicoOptions, 'encapsulation'>): boolean {
  return encapsulation === 'ipip' || encapsulation === 'none'
}
