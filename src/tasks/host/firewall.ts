import { task } from '../../engine/task.ts'
import { familyOf } from '../../inventory/subnets.ts'
import { runsEtcd } from '../../kubernetes/etcd-topology.ts'
import { flagValue } from '../../kubernetes/flags.ts'
import { usesTypha } from '../../kubernetes/calico-options.ts'
import { kubeletConfiguration } from '../../kubernetes/kubelet.ts'
import { isControlPlane, isNode } from '../../inventory/roles.ts'
import { apiServerPort, isVirtualIP } from '../../kubernetes/node.ts'
import { firewalld } from '../../resources/firewall/firewalld.ts'
import { iptables } from '../../resources/firewall/iptables.ts'
import { nftables } from '../../resources/firewall/nftables.ts'
import type { Opening, PortOpening, SubnetOpening } from '../../resources/firewall/opening.ts'
import { ufw } from '../../resources/firewall/ufw.ts'
import type { Context } from '../context.ts'
import { otherControlPlaneIPs } from '../control-planes.ts'

/** Opens a firewall that runs for our ports and subnets, by its own means and for good; nothing is flushed, and none is started. */
export const hostFirewall = task<Context>({
  name: 'host/firewall',
  summary: 'Open the firewall',
  resources: (context) => {
    const { cluster, host, facts } = context
    const { podSubnets, serviceSubnets } = cluster.networking
    const options = { openings: openings(context), manage: host.firewall === 'manage' }
    const families = new Set([facts.nodeIP, ...podSubnets, ...serviceSubnets].map(familyOf))
    const tables = ([4, 6] as const).filter((family) => families.has(family)).map((family) => iptables(family, options))
    // ufw has no word for VRRP, so there the others are let in as a whole.
    const peers = subnets('input', virtualIPPeers(context))
    const ufwOptions = { ...options, openings: [...options.openings, ...peers] }
    return [firewalld(facts.interface, options), ufw(ufwOptions), ...tables, nftables(options)]
  },
})

/** The ports of Kubernetes' documentation and of the CNI; pods and services may talk to the host, and the host forwards for pods. */
function openings(context: Context): readonly Opening[] {
  if (!isNode(context.host)) return [etcdPorts]
  const { podSubnets, serviceSubnets } = context.cluster.networking
  return [
    ...ports(context),
    ...subnets('input', [...podSubnets, ...serviceSubnets]),
    ...(sharesVirtualIP(context) ? [vrrp] : []),
    ...subnets('from', podSubnets),
    ...subnets('to', podSubnets),
  ]
}

/** By which those who hold the address of the API by turns tell each other; one that was dead hears those, too, of whom it has not been told. */
const vrrp: Opening = { kind: 'protocol', number: 112 }

function sharesVirtualIP({ cluster, host }: Context): boolean {
  return isVirtualIP(cluster) && isControlPlane(host)
}

function virtualIPPeers(context: Context): readonly string[] {
  return sharesVirtualIP(context) ? otherControlPlaneIPs(context) : [] // as they are: ufw forgets the mask of a single address
}

function subnets(direction: SubnetOpening['direction'], list: readonly string[]): readonly Opening[] {
  return list.map((subnet) => ({ kind: 'subnet', subnet, direction }))
}

function ports({ cluster, host, facts }: Context): readonly Opening[] {
  const kubelet = Number(kubeletConfiguration(cluster, host, facts)['port'] ?? 10250)
  const nodePorts = flagValue(cluster.apiServer.extraArgs, 'service-node-port-range') ?? '30000-32767'
  const [first, last] = nodePorts.split('-').map(Number)
  const range = [first ?? 30_000, last ?? 32_767] as const
  return [
    ...(host.roles.includes('control-plane') ? [port('tcp', apiServerPort(cluster))] : []),
    ...(runsEtcd(cluster, host) ? [etcdPorts] : []),
    port('tcp', kubelet),
    ...(cluster.kubeProxy.mode === 'none' ? [] : [port('tcp', 10_256)]), // kube-proxy's health, for load balancers
    port('tcp', ...range),
    port('udp', ...range),
    ...cniPorts(cluster),
    ...(usesTypha(cluster) ? [port('tcp', 5473)] : []),
  ]
}

/** Those of clients and of the other members. */
const etcdPorts = port('tcp', 2379, 2380)

function cniPorts({ cni }: Context['cluster']): readonly Opening[] {
  if (cni.name === 'none') return []
  switch (cni.name === 'flannel' ? cni.backend : cni.encapsulation) {
    case 'vxlan':
    case 'vxlan-cross-subnet':
      return [port('udp', cni.port)]
    case 'wireguard':
      return [port('udp', 51_820, 51_821)] // one for each IP family
    case 'ipip':
      return [port('tcp', 179), { kind: 'protocol', number: 4 }] // BGP, and the packets themselves
    case 'none':
      return [port('tcp', 179)]
    case 'host-gw':
      return []
  }
}

function port(protocol: 'tcp' | 'udp', first: number, last = first): PortOpening {
  return { kind: 'port', protocol, ports: [first, last] }
}
