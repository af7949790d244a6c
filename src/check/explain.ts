import type { Cluster } from '../inventory/cluster.ts'
import { culprits } from './culprits.ts'
import { type Plugin, pluginOf } from './plugin.ts'
import { type Cell, type CellKind, type NetworkReport, unknownFacts } from './report.ts'

/** What probably is behind failures. */
export interface Cause {
  /** One sentence, without its full stop. */
  readonly message: string
  /** What to do now. */
  readonly hint: string
  /** The failures that it explains; none where a node takes no part at all. */
  readonly cells: readonly Cell[]
}

/** What causes are found from. */
interface Case {
  readonly report: NetworkReport
  readonly cluster: Cluster
  readonly plugin: Plugin
  /** All failures. */
  readonly failed: readonly Cell[]
}

type Rule = (failed: readonly Cell[], of: Case) => readonly Cause[]

/** The likely causes of all failures: each failure has exactly one, what comes first in the way of a packet before its consequences. */
export function causesOf(report: NetworkReport, cells: readonly Cell[], cluster: Cluster): readonly Cause[] {
  const failed = cells.filter(({ state }) => state === 'failed')
  const of: Case = { report, cluster, plugin: pluginOf(cluster), failed }
  let rest = failed
  const causes = missingNodes(of)
  for (const rule of rules) {
    const found = rule(rest, of).filter((cause) => cause.cells.length > 0)
    causes.push(...found)
    rest = rest.filter((cell) => !found.some((cause) => cause.cells.includes(cell)))
  }
  return causes
}

const rules: readonly Rule[] = [
  betweenNodes,
  withinNodes,
  packets,
  services,
  hairpins,
  names,
  api,
  outside,
  nodes,
  policies,
]

function missingNodes({ report, plugin }: Case): Cause[] {
  return report.nodes.flatMap(({ name, state, detail }): Cause[] => {
    if (state === 'running') return []
    if (state === 'unasked') {
      return [
        {
          message: `The API server does not get into pods of ${name}: ${detail}`,
          hint: `Open TCP 10250 on ${name} for the control planes, and see that its kubelet runs (kubewright status).`,
          cells: [],
        },
      ]
    }
    const ready = report.facts.get(name)?.ready
    const hint =
      ready === false
        ? `The node is not Ready; see why: kubectl describe node ${name}`
        : `See its kubelet (journalctl -u kubelet)${plugin.log === undefined ? '' : ` and ${plugin.title} (${plugin.log})`}.`
    return [
      {
        message: `The pod of the check does not run on ${name}: ${detail || 'it did not start in time'}`,
        hint,
        cells: [],
      },
    ]
  })
}

function betweenNodes(rest: readonly Cell[], of: Case): readonly Cause[] {
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

function withinNodes(rest: readonly Cell[], of: Case): readonly Cause[] {
  const cells = rest.filter(({ kind, from, to }) => (kind === 'pod' || kind === 'node') && from === to)
  return perNode(cells, (node) => ({
    message: `Pods of ${node} are not reached on their own node`,
    hint: `See the bridge and the routes there (ip addr, ip route), and whether its firewall drops what it forwards${of.plugin.log === undefined ? '' : `; ${of.plugin.log}`}.`,
  }))
}

function packets(rest: readonly Cell[], of: Case): readonly Cause[] {
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

function services(rest: readonly Cell[], of: Case): readonly Cause[] {
  const cells = only(rest, 'service')
  return perNode(cells, (node) => {
    const proxy = agent(of, node, 'kube-proxy')
    if (proxy === false) {
      return {
        message: `kube-proxy is not ready on ${node}`,
        hint: 'See its log: kubectl -n kube-system logs -l k8s-app=kube-proxy --prefix',
      }
    }
    return {
      message: `Services are not reached from ${node}, though pods are: kube-proxy does not program them there, or a rule of that host drops their addresses (${of.cluster.networking.serviceSubnets.join(', ')})`,
      hint: 'See the log of kube-proxy (kubectl -n kube-system logs -l k8s-app=kube-proxy --prefix) and the rules of the host (nft list ruleset).',
    }
  }).map((cause) => {
    const from = cause.cells[0]?.from
    const follow = rest.filter((cell) => cell.from === from && ['api', 'dns', 'outside', 'hairpin'].includes(cell.kind))
    return { ...cause, cells: [...cause.cells, ...follow] }
  })
}

function hairpins(rest: readonly Cell[]): readonly Cause[] {
  return perNode(only(rest, 'hairpin'), (node) => ({
    message: `A pod on ${node} does not reach itself through its own service`,
    hint: 'Its bridge has no hairpin mode, or such packets are not masqueraded: see hairpinMode in /etc/cni/net.d there, and clusterCIDR of kube-proxy.',
  }))
}

function api(rest: readonly Cell[], of: Case): readonly Cause[] {
  const cells = only(rest, 'api')
  const { apiServiceIPs } = of.cluster.networking
  return perNode(cells, (node) => ({
    message: `Pods on ${node} do not reach the API at ${apiServiceIPs[0]}`,
    hint: `A rule of that host drops this address, or ${node} does not reach the API servers themselves (TCP 6443 of the control planes): nft list ruleset, and kubectl get endpointslices kubernetes.`,
  }))
}

function names(rest: readonly Cell[], of: Case): readonly Cause[] {
  const cells = only(rest, 'dns')
  if (cells.length === 0) return []
  const outside = rest.filter(({ kind, from }) => kind === 'outside' && cells.some((cell) => cell.from === from))
  const pods = [...of.report.facts.values()].flatMap(({ agents }) => agents.filter(({ name }) => name === 'kube-dns'))
  const logs = 'kubectl -n kube-system logs -l k8s-app=kube-dns --prefix'
  if (pods.every(({ ready }) => !ready)) {
    const state = pods.length === 0 ? 'has no pods' : 'has no pod that is ready'
    return [
      {
        message: `CoreDNS ${state}`,
        hint: `See why: kubectl -n kube-system describe deployment,pods -l k8s-app=kube-dns; ${logs}. Run apply if it was changed.`,
        cells: [...cells, ...outside],
      },
    ]
  }
  const everywhere = cells.length === of.report.nodes.filter(({ state }) => state === 'running').length
  if (!everywhere) {
    const [address = ''] = of.cluster.networking.dnsServiceIPs
    return perNode([...cells, ...outside], (node) => ({
      message: `Pods on ${node} do not reach cluster DNS at ${address}`,
      hint: `A rule of that host drops this address, or UDP and TCP 53 to the pods of CoreDNS: nft list ruleset; ${logs}`,
    }))
  }
  const answers = cells.every(({ detail }) => detail.includes('does not know') || detail.includes('answers with'))
  return [
    {
      message: answers
        ? `CoreDNS answers but does not know the cluster's own names: ${cells[0]?.detail}`
        : 'CoreDNS is ready but does not answer',
      hint: answers
        ? `See its ConfigMap (kubectl -n kube-system get configmap coredns -o yaml): the plugin kubernetes has to serve ${of.cluster.networking.dnsDomain}; apply puts it back.`
        : `See its log: ${logs}; kube-proxy leads to it: kubectl -n kube-system get service,endpointslices -l k8s-app=kube-dns`,
      cells: [...cells, ...outside],
    },
  ]
}

function outside(rest: readonly Cell[]): readonly Cause[] {
  const cells = only(rest, 'outside')
  return [
    {
      message: `Pods on ${[...new Set(cells.map(({ from }) => from))].join(', ')} resolve no names of the internet, though the nodes do`,
      hint: 'CoreDNS asks the servers of /etc/resolv.conf of its nodes: see that it can reach them (kubectl -n kube-system logs -l k8s-app=kube-dns).',
      cells,
    },
  ]
}

function nodes(rest: readonly Cell[]): readonly Cause[] {
  return perNode(only(rest, 'node'), (node) => ({
    message: `${node} itself does not reach pods that its pods do reach`,
    hint: 'Its packets leave with another address than the others expect, or its firewall drops them: see ip route get POD-ADDRESS, rp_filter, and nft list ruleset there.',
  }))
}

function policies(rest: readonly Cell[], { plugin }: Case): readonly Cause[] {
  const cells = rest.filter(({ kind }) => kind === 'blocked' || kind === 'unblocked')
  const blocks = cells.some(({ kind }) => kind === 'blocked')
  if (cells.some(({ detail }) => detail.startsWith('the policy could not be made'))) {
    return [{ message: 'A NetworkPolicy could not be made', hint: 'See what the API says to it, below.', cells }]
  }
  return [
    {
      message: blocks
        ? 'A NetworkPolicy does not block what it should'
        : 'What a NetworkPolicy blocked stays blocked when it is gone',
      hint: `See the log of ${plugin.title}${plugin.log === undefined ? '' : `: ${plugin.log}`}`,
      cells,
    },
  ]
}

function only(cells: readonly Cell[], kind: CellKind): readonly Cell[] {
  return cells.filter((cell) => cell.kind === kind)
}

function perNode(cells: readonly Cell[], explain: (node: string) => Omit<Cause, 'cells'>): readonly Cause[] {
  const names = [...new Set(cells.map(({ from }) => from))]
  return names.map((name) => ({ ...explain(name), cells: cells.filter(({ from }) => from === name) }))
}

function agent({ report }: Case, node: string, wanted: string): boolean | undefined {
  return report.facts.get(node)?.agents.find(({ name }) => name === wanted)?.ready
}

function nodeNames({ report }: Case): readonly string[] {
  return report.nodes.map(({ name }) => name)
}
