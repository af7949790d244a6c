import type { Cluster } from '../inventory/cluster.ts'

/** What a check has to know of the network plugin. */
export interface Plugin {
  /** `Flannel`. */
  readonly title: string
  /** How packets get from node to node, as a person calls it; undefined: it is not known here. */
  readonly way: string | undefined
  /** What a firewall has to let through for it: `UDP 8472`. */
  readonly opening: string | undefined
  /** Bytes that it adds to each packet. */
  readonly overhead: number
  /** Whether it does what a NetworkPolicy says. */
  readonly policies: boolean
  /** The label of its pods. */
  readonly agent: string | undefined
  /** Where its log is. */
  readonly log: string | undefined
}

/** What all network plugins of inventories have in common here. */
interface Options {
  readonly name: string
  readonly backend?: string
  readonly encapsulation?: string
  readonly port?: number
}

type Way = Pick<Plugin, 'way' | 'opening' | 'overhead'>

/** The network plugin of a cluster. */
export function pluginOf(cluster: Pick<Cluster, 'cni'>): Plugin {
  const cni: Options = cluster.cni
  switch (cni.name) {
    case 'flannel':
      return {
        title: 'Flannel',
        ...wayOf(cni.backend, cni.port ?? 8472),
        policies: false,
        agent: 'flannel',
        log: 'kubectl -n kube-flannel logs -l app=flannel --prefix',
      }
    case 'calico':
      return {
        title: 'Calico',
        ...wayOf(cni.encapsulation, cni.port ?? 4789),
        policies: true,
        agent: 'calico-node',
        log: 'kubectl -n kube-system logs -l k8s-app=calico-node --prefix',
      }
    default:
      return {
        title: 'the network plugin',
        ...wayOf(undefined, 0),
        policies: false,
        agent: undefined,
        log: undefined,
      }
  }
}

function wayOf(encapsulation: string | undefined, port: number): Way {
  switch (encapsulation) {
    case 'vxlan':
      return { way: 'VXLAN', opening: `UDP ${port}`, overhead: 50 }
    // Nodes of one subnet send as they are, so a packet may be as large as the device sends.
    case 'vxlan-cross-subnet':
      return { way: 'VXLAN', opening: `UDP ${port}`, overhead: 0 }
    case 'wireguard':
      return { way: 'WireGuard', opening: 'UDP 51820', overhead: 60 }
    case 'ipip':
      return { way: 'IP in IP', opening: 'IP protocol 4', overhead: 20 }
    case 'host-gw':
    case 'none':
      return { way: 'routes between the nodes', opening: 'the pod subnet', overhead: 0 }
    default:
      return { way: undefined, opening: undefined, overhead: 0 }
  }
}
