import type { Cluster } from '../inventory/cluster.ts'
import type { Case, Cause, Rule } from './cause.ts'
import { betweenNodes, nodes, packets, withinNodes } from './explain-packets.ts'
import { api, hairpins, names, outside, services } from './explain-services.ts'
import { pluginOf } from './plugin.ts'
import type { Cell, NetworkReport } from './report.ts'

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
