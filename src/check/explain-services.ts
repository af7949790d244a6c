import { type Case, type Cause, only, perNode } from './cause.ts'
import type { Cell } from './report.ts'

/** Nodes whose pods reach no services, with all that is asked through them. */
export function services(rest: readonly Cell[], of: Case): readonly Cause[] {
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

function agent({ report }: Case, node: string, wanted: string): boolean | undefined {
  return report.facts.get(node)?.agents.find(({ name }) => name === wanted)?.ready
}

/** Pods that do not reach themselves. */
export function hairpins(rest: readonly Cell[]): readonly Cause[] {
  return perNode(only(rest, 'hairpin'), (node) => ({
    message: `A pod on ${node} does not reach itself through its own service`,
    hint: 'Its bridge has no hairpin mode, or such packets are not masqueraded: see hairpinMode in /etc/cni/net.d there, and clusterCIDR of kube-proxy.',
  }))
}

/** Nodes whose pods do not reach the API. */
export function api(rest: readonly Cell[], of: Case): readonly Cause[] {
  const cells = only(rest, 'api')
  const { apiServiceIPs } = of.cluster.networking
  return perNode(cells, (node) => ({
    message: `Pods on ${node} do not reach the API at ${apiServiceIPs[0]}`,
    hint: `A rule of that host drops this address, or ${node} does not reach the API servers themselves (TCP 6443 of the control planes): nft list ruleset, and kubectl get endpointslices kubernetes.`,
  }))
}

/** The cluster's own names. */
export function names(rest: readonly Cell[], of: Case): readonly Cause[] {
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

/** Names of the internet. */
export function outside(rest: readonly Cell[]): readonly Cause[] {
  const cells = only(rest, 'outside')
  return [
    {
      message: `Pods on ${[...new Set(cells.map(({ from }) => from))].join(', ')} resolve no names of the internet, though the nodes do`,
      hint: 'CoreDNS asks the servers of /etc/resolv.conf of its nodes: see that it can reach them (kubectl -n kube-system logs -l k8s-app=kube-dns).',
      cells,
    },
  ]
}
