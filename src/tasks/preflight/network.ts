import type { Finding } from '../../engine/resource.ts'
import { contains, familyOf, isAddress, isSubnet, overlaps } from '../../inventory/subnets.ts'
import { usesBgp } from '../../kubernetes/calico-options.ts'
import { isNode } from '../../inventory/roles.ts'
import { kubeletConfiguration } from '../../kubernetes/kubelet.ts'
import type { Context } from '../context.ts'
import { checks, enumerate, error, onNodes, warning, type Check } from './check.ts'
import { datagrams } from './datagrams.ts'
import { ownership } from './ownership.ts'
import { ports } from './ports.ts'
import { virtualIPSubnet } from './virtual-ip.ts'

/** The node's address is there, on the interface that the inventory names. */
const nodeIP: Check = ({ host, facts }) => {
  const known = facts.addresses.map(({ address }) => address)
  if (known.length === 0) return []
  if (facts.nodeIP === '') {
    const message =
      'no address for the node can be told: there is no default route, and the SSH address is not one of the host'
    return [error('NodeIP', message, `Set nodeIP of the host in the inventory; it has ${enumerate(known)}.`)]
  }
  if (!known.some((address) => sameAddress(address, facts.nodeIP))) {
    const message = `the node's address ${facts.nodeIP} is not on this host, which has ${enumerate(known)}`
    return [error('NodeIP', message, 'Correct nodeIP of the host in the inventory, or give the host that address.')]
  }
  return interfaceFindings(host.interface, facts)
}

function interfaceFindings(
  wanted: string | undefined,
  { survey, interface: actual, nodeIP }: Context['facts'],
): readonly Finding[] {
  if (wanted === undefined || wanted === actual) return []
  if (!survey.links.includes(wanted)) {
    const message = `the interface ${wanted} of the inventory is not on this host, which has ${enumerate(survey.links)}`
    return [error('NodeInterface', message, 'Correct the interface of the host in the inventory.')]
  }
  const message = `the node's address ${nodeIP} is on ${actual}, the inventory names the interface ${wanted}`
  return [warning('NodeInterface', message, 'Correct nodeIP or interface of the host in the inventory.')]
}

function sameAddress(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

/** Pods and nodes speak the same family of IP. */
const addressFamily: Check = ({ cluster, facts }) => {
  const [podSubnet] = cluster.networking.podSubnets
  if (podSubnet === undefined || !isAddress(facts.nodeIP) || familyOf(podSubnet) === familyOf(facts.nodeIP)) return []
  return [
    error(
      'NodeIPFamily',
      `the node's address ${facts.nodeIP} is IPv${familyOf(facts.nodeIP)}, the first pod subnet ${podSubnet} is IPv${familyOf(podSubnet)}`,
      'Set nodeIP of the host to an address of the family of the pod subnet.',
    ),
  ]
}

/** Interfaces of the cluster's own network, whose routes are in the pod subnet by design. */
const clusterLinks = /^(?:cni0|flannel.*|kube-ipvs0|cali.*|vxlan\.calico|veth.*)$/

/** A pod subnet that is also a network of the host makes that network unreachable, or the pods. */
const subnets: Check = (context) => {
  const { podSubnets, serviceSubnets } = context.cluster.networking
  const named = [
    ...podSubnets.map((subnet) => ({ subnet, name: 'pod subnet' })),
    ...serviceSubnets.map((subnet) => ({ subnet, name: 'service subnet' })),
  ]
  return named.flatMap(({ subnet, name }) => {
    const conflicts = hostNetworks(context, subnet).filter((network) => overlaps(subnet, network.destination))
    if (conflicts.length === 0) return []
    const list = [...new Set(conflicts.map(({ destination, via }) => `${destination} (${via})`))]
    return [
      error(
        'SubnetOverlap',
        `the ${name} ${subnet} overlaps ${enumerate(list)} of this host`,
        `Choose another ${name} in the inventory, or remove the route if nothing uses it.`,
      ),
    ]
  })
}

function hostNetworks(context: Context, subnet: string): readonly { destination: string; via: string }[] {
  const { facts } = context
  // With host-gw the routes to the other nodes' pods go over the nodes' own network.
  const ours = ownership(context) === 'ours'
  const routes = facts.routes
    .filter((route) => !clusterLinks.test(route.interface))
    .map(({ destination, interface: via }) => ({ destination: withPrefix(destination), via }))
    .filter(({ destination }) => !(ours && isSubnet(destination) && contains(subnet, destination.split('/')[0] ?? '')))
  const own = isAddress(facts.nodeIP) ? [{ destination: withPrefix(facts.nodeIP), via: "the node's address" }] : []
  return [...routes, ...own].filter(({ destination }) => isSubnet(destination))
}

/** iproute2 prints a single address without its prefix. */
function withPrefix(destination: string): string {
  if (!isAddress(destination)) return destination
  return `${destination}/${familyOf(destination) === 6 ? 128 : 32}`
}

/** The VXLAN that the inventory asks for, and the names of the network's own interfaces. */
function wantedVxlan({ cni }: Context['cluster']) {
  if (cni.name === 'flannel' && cni.backend === 'vxlan') return { ...cni, title: 'Flannel', own: /^flannel/ }
  if (cni.name === 'calico' && !usesBgp(cni)) return { ...cni, title: 'Calico', own: /^vxlan(?:-v6)?\.calico$/ }
  return undefined
}

/** Another VXLAN with our identifier makes the network fail, with our port it may steal packets. */
const vxlan: Check = ({ cluster, facts }) => {
  const cni = wantedVxlan(cluster)
  if (cni === undefined) return []
  const others = facts.survey.vxlans.filter((one) => !cni.own.test(one.interface) && one.port === cni.port)
  return others.map(({ interface: name, vni, port }) => {
    if (vni === cni.vni) {
      const message = `the interface ${name} is a VXLAN with identifier ${vni} and UDP port ${port}, as ${cni.title}'s would be`
      return error('VXLAN', message, 'Set cni.vni or cni.port to another value in the inventory.')
    }
    const message = `the VXLAN interface ${name} uses UDP port ${port} like ${cni.title}, with identifier ${vni} in place of ${cni.vni}`
    return warning(
      'VXLAN',
      message,
      'Set cni.port to another value in the inventory if pods on other nodes cannot be reached.',
    )
  })
}

/** How packets travel where nothing encapsulates them. */
function bareRouting({ cni }: Context['cluster']): string | undefined {
  if (cni.name === 'flannel') return cni.backend === 'host-gw' ? 'the Flannel backend host-gw' : undefined
  return cni.name === 'calico' && cni.encapsulation === 'none' ? 'Calico without encapsulation' : undefined
}

/** Packets of pods go to the other nodes directly, so they must be neighbours. */
const neighbours: Check = ({ cluster, host, facts, fleet }) => {
  const own = facts.addresses.find(({ address }) => address === facts.nodeIP)
  const routing = bareRouting(cluster)
  if (routing === undefined || own === undefined) return []
  const subnet = `${own.address}/${own.prefix}`
  const nodes = cluster.hosts.filter((one) => isNode(one) && one.name !== host.name).map(({ name }) => name)
  const far = [...fleet].filter(
    ([name, { nodeIP }]) => nodes.includes(name) && isAddress(nodeIP) && !contains(subnet, nodeIP),
  )
  if (far.length === 0) return []
  const list = far.map(([name, { nodeIP }]) => `${name} (${nodeIP})`)
  const message = `${routing} needs all nodes in one network, but ${enumerate(list)} ${far.length === 1 ? 'is' : 'are'} outside of ${subnet}`
  return [
    error(
      'HostGateway',
      message,
      `Set cni.${cluster.cni.name === 'calico' ? 'encapsulation' : 'backend'} to vxlan, or give the nodes addresses in one network.`,
    ),
  ]
}

/** CoreDNS asks the host's nameservers: with a loopback one it would ask itself, and end with "plugin/loop". */
const nameservers: Check = ({ cluster, host, facts }) => {
  const { resolvConf, survey } = facts
  // The inventory may give the kubelet another file, which the facts know nothing of.
  if (survey.nameservers === undefined || kubeletConfiguration(cluster, host, facts)['resolvConf'] !== resolvConf)
    return []
  const loopback = survey.nameservers.filter((address) => address.startsWith('127.') || address === '::1')
  const hint = 'Put the real nameservers into a file of its own, and set kubelet.config.resolvConf of the host to it.'
  if (loopback.length > 0) {
    const message = `${resolvConf} names the loopback nameserver ${enumerate(loopback)}: in a pod that is the pod itself`
    return [error('ResolvConf', message, hint)]
  }
  if (survey.nameservers.length > 0) return []
  return [warning('ResolvConf', `${resolvConf} names no nameserver: pods will resolve names of the cluster only`, hint)]
}

/** A firewall that is not ours to open has to let the nodes through. */
const firewall: Check = ({ host, facts }) => {
  const running = ['firewalld', 'ufw', 'nftables'].filter((name) => facts.survey.units[name]?.active === 'active')
  if (host.firewall !== 'leave' || running.length === 0) return []
  return [
    warning(
      'Firewalld',
      `${enumerate(running)} is active, and the inventory leaves it alone`,
      'Open the ports of Kubernetes between the nodes yourself, or set firewall: manage for the host.',
    ),
  ]
}

/** Addresses, routes, ports, nameservers. */
export const preflightNetwork = checks('preflight/network', 'Check the network', {
  NodeIP: nodeIP,
  NodeIPFamily: addressFamily,
  SubnetOverlap: subnets,
  Port: ports,
  Datagram: onNodes(datagrams),
  VXLAN: onNodes(vxlan),
  HostGateway: onNodes(neighbours),
  ResolvConf: onNodes(nameservers),
  Firewalld: firewall,
  VirtualIP: virtualIPSubnet,
})
