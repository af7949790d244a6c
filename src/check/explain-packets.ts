import { type Case, type Cause, nodeNames, only, perNode } from './cause.ts'
import { culprits } from './culprits.ts'
import { type Cell, unknownFacts } from './report.ts'

/** What is cut between nodes, with what goes the same way. */
export function betweenNodes(rest: readonly Cell[], of: Case): readonly Cause[] {
  const cut = rest.filter(({ kind, from, to }) => kind === 'pod' && from !== to)
  return culprits(cut, nodeNames(of)).map(({ nodes, cells }) => {
    const follow = rest.filter((cell) => followsFrom(cell, cells))
    return { ...tunnelCause(nodes, of), cells: [...cells, ...follow] }
  })
}

/** What else goes the same way: the same pair of nodes, or CoreDNS on another node. */
function followsFrom({ kind, from, to }: Cell, cut: readonly Cell[]): boolean {
  if (kind === 'pod') return false
  if (kind === 'dns' || kind === 'outside') return cut.some((cell) => cell.from === from || cell.to === from)
  return cut.some((cell) => (cell.from === from && cell.to === to) || (cell.from === to && cell.to === from))
}

function tunnelCause(nodes: readonly string[], { report, plugin }: Case): Omit<Cause, 'cells'> {
  const facts = (node: string) => report.facts.get(node) ?? unknownFacts
  const where = nodes.length === 1 ? `on ${nodes[0]}` : `between ${nodes.join(' and ')}`
  const astray = nodes.find((node) => {
    const { tunnelAddress, addresses } = facts(node)
    return tunnelAddress !== undefined && addresses.length > 0 && !addresses.includes(tunnelAddress)
  })
  if (astray !== undefined) {
    return {
      message: `${plugin.title} of ${astray} uses another interface than the node: packets go to ${facts(astray).tunnelAddress}, the node has ${facts(astray).addresses.join(', ')}`,
      hint: `Set nodeIP of ${astray} in the inventory to the address by which the nodes reach each other, then run apply.`,
    }
  }
  const dead = nodes.find((node) => facts(node).agents.some(({ name, ready }) => name === plugin.agent && !ready))
  if (dead !== undefined) {
    return { message: `The pod of ${plugin.title} is not ready on ${dead}`, hint: `See its log: ${plugin.log}` }
  }
  if (plugin.opening === undefined) {
    return {
      message: `Packets of pods do not get through ${where}`,
      hint: 'See that the firewalls let through what the network plugin sends, and its log.',
    }
  }
  return {
    message: `${plugin.opening} (${plugin.way} of ${plugin.title}) is probably closed ${where}`,
    hint: `Open it in the firewall of ${nodes.length === 1 ? 'that host' : 'both hosts'} and in whatever filters between the hosts (security groups); nft list ruleset shows the host's own.`,
  }
}

/** Pods that are not reached on their own node. */
export function withinNodes(rest: readonly Cell[], of: Case): readonly Cause[] {
  const cells = rest.filter(({ kind, from, to }) => (kind === 'pod' || kind === 'node') && from === to)
  return perNode(cells, (node) => ({
    message: `Pods of ${node} are not reached on their own node`,
    hint: `See the bridge and the routes there (ip addr, ip route), and whether its firewall drops what it forwards${of.plugin.log === undefined ? '' : `; ${of.plugin.log}`}.`,
  }))
}

/** Packets that are as large as pods may send them, and do not arrive. */
export function packets(rest: readonly Cell[], of: Case): readonly Cause[] {
  const cells = only(rest, 'mtu')
  return culprits(cells, nodeNames(of)).map(({ nodes, cells }) => {
    const carried = cells.map(({ detail }) => /of (\d+) they do/.exec(detail)?.[1]).filter((size) => size !== undefined)
    const devices = nodes.flatMap((node) => {
      const device = of.report.facts.get(node)?.device
      return device === undefined ? [] : [device.mtu - of.plugin.overhead]
    })
    const fits = Math.min(...carried.map(Number), ...devices)
    const wanted = Number.isFinite(fits) ? `${fits} or less` : "the hosts' MTU less the encapsulation"
    const { cni } = of.cluster
    const fixed = cni.name === 'flannel' && cni.backend === 'host-gw'
    const hosts = "Give the hosts' interfaces and what is between them one MTU"
    return {
      message: `The MTU of pods is too large for the network ${nodes.length === 1 ? `of ${nodes[0]}` : `between ${nodes.join(' and ')}`}: ${cells[0]?.detail}`,
      hint: fixed
        ? `${hosts}; pods take it when they are made anew.`
        : `${hosts}, or set spec.cni.mtu to ${wanted} and run apply; pods take it when they are made anew.`,
      cells,
    }
  })
}

/** Nodes that do not reach pods themselves. */
export function nodes(rest: readonly Cell[]): readonly Cause[] {
  return perNode(only(rest, 'node'), (node) => ({
    message: `${node} itself does not reach pods that its pods do reach`,
    hint: 'Its packets leave with another address than the others expect, or its firewall drops them: see ip route get POD-ADDRESS, rp_filter, and nft list ruleset there.',
  }))
}
