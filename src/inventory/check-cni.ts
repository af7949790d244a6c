import { isNode } from './roles.ts'
import type { Finding } from './problem.ts'
import type { InventorySpec } from './schema.ts'
import { familyOf, prefixLength } from './subnets.ts'

type Cni = InventorySpec['cni']
type Option = Exclude<keyof Cni, 'name'>

/** Whose options these are; those of nobody else. */
const owners: Readonly<Record<Option, readonly Cni['name'][]>> = {
  backend: ['flannel'],
  encapsulation: ['calico'],
  mtu: ['flannel', 'calico'],
  vni: ['flannel', 'calico'],
  port: ['flannel', 'calico'],
  blockSize: ['calico'],
  ipv6BlockSize: ['calico'],
  typhaNodes: ['calico'],
}

/** What is wrong in the choice of the network: options of another one, blocks that do not fit. */
export function checkCni(spec: InventorySpec): Finding[] {
  const foreign = Object.entries(owners).flatMap(([option, names]) => foreignOption(spec.cni, option as Option, names))
  if (foreign.length > 0) return foreign
  return [...checkMtu(spec), ...(spec.cni.name === 'calico' ? checkBlocks(spec) : []), ...checkProxyMode(spec)]
}

/** Flannel gives pods the MTU of the interface where nothing is encapsulated, whatever its configuration says. */
function checkMtu({ cni }: InventorySpec): Finding[] {
  if (cni.name !== 'flannel' || cni.backend !== 'host-gw' || cni.mtu === undefined) return []
  const message = "mtu has no effect with Flannel's host-gw: pods have the MTU of the interface"
  const hint = "remove it, and give the hosts' interfaces the MTU that their network carries"
  return [{ code: 'KW1045', path: ['spec', 'cni', 'mtu'], message, hint }]
}

function foreignOption(cni: Cni, option: Option, names: readonly Cni['name'][]): Finding[] {
  if (cni[option] === undefined || names.includes(cni.name)) return []
  const message = `${option} is no option of the network ${cni.name}`
  const instead = cni.name === 'calico' ? 'encapsulation' : 'backend'
  const other = option === 'backend' || option === 'encapsulation'
  const hint =
    other && cni.name !== 'none' ? `${cni.name} has ${instead} for it` : `remove it, or set name: ${names[0]}`
  return [{ code: 'KW1045', path: ['spec', 'cni', option], message, hint }]
}

/** A node needs a block of its own, and Calico takes no block that is larger than the pool. */
function checkBlocks({ cni, networking, hosts }: InventorySpec): Finding[] {
  return networking.podSubnets.flatMap((subnet): Finding[] => {
    const ipv6 = familyOf(subnet) === 6
    const option = ipv6 ? 'ipv6BlockSize' : 'blockSize'
    const size = cni[option] ?? (ipv6 ? 122 : 26)
    const blocks = 2 ** (size - prefixLength(subnet))
    const nodes = hosts.filter(isNode).length
    if (blocks >= nodes) return []
    const message = `${subnet} has ${Math.floor(blocks)} blocks of /${size} for ${nodes} host${nodes === 1 ? '' : 's'}`
    const path = cni[option] === undefined ? ['spec', 'networking', 'podSubnets'] : ['spec', 'cni', option]
    return [{ code: 'KW1045', path, message, hint: `use a larger pod subnet, or smaller blocks with cni.${option}` }]
  })
}

/** Calico's rules are those of iptables until 3.29, and see nothing of a kube-proxy that has tables of its own. */
function checkProxyMode({ cni, kubeProxy }: InventorySpec): Finding[] {
  if (kubeProxy.mode === 'none' && cni.name !== 'none') {
    const message = `services need kube-proxy, which ${cni.name} does not replace`
    return [proxyFinding(message, 'remove mode, or bring a network that replaces it, with cni: { name: none }')]
  }
  if (kubeProxy.mode !== 'nftables' || cni.name !== 'calico') return []
  const message = "kube-proxy's mode nftables does not go together with Calico 3.28, which uses iptables"
  return [proxyFinding(message, 'use mode: iptables')]
}

function proxyFinding(message: string, hint: string): Finding {
  return { code: 'KW1045', path: ['spec', 'kubeProxy', 'mode'], message, hint }
}
