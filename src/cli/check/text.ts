import type { Cause } from '../../check/cause.ts'
import { pluginOf } from '../../check/plugin.ts'
import type { Cell, CellKind, NodeState } from '../../check/report.ts'
import { everyPair } from '../../check/sample.ts'
import type { Cluster } from '../../inventory/cluster.ts'
import { counted, indented, table } from '../render/text.ts'
import type { Style } from '../style.ts'

/** What was found, for a person and for a program. */
export interface NetworkFindings {
  readonly nodes: readonly NodeState[]
  readonly cells: readonly Cell[]
  readonly causes: readonly Cause[]
}

/** Titles of what is about one node alone: the columns behind those of the other nodes. */
const columns: readonly (readonly [CellKind, string])[] = [
  ['hairpin', 'ITSELF'],
  ['api', 'API'],
  ['dns', 'DNS'],
  ['outside', 'INTERNET DNS'],
]

const words: Readonly<Record<CellKind, string>> = {
  pod: 'pod',
  service: 'service',
  hairpin: 'itself through its service',
  mtu: 'large packet',
  node: 'node to pod',
  api: 'API',
  dns: 'DNS',
  outside: 'DNS of the internet',
  blocked: 'blocked by a policy',
  unblocked: 'policy taken away',
}

/** The matrix, what was skipped, and the likely causes. */
export function networkText(cluster: Cluster, found: NetworkFindings, style: Style): string {
  const running = found.nodes.filter(({ state }) => state === 'running').map(({ name }) => name)
  const parts = [
    style('strong', `Network of ${cluster.name}: ${counted(found.nodes.length, 'node')}, ${pluginOf(cluster).title}`),
    coloured(matrix(running, found.cells), style),
    policies(found.cells, style),
    ...found.causes.map((cause) => causeText(cause, style)),
    summary(found, style),
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

/** Who asks is a row, who is asked a column; many nodes are counted instead, and `ITSELF` is a pod's own service. */
function matrix(names: readonly string[], cells: readonly Cell[]): string {
  const many = names.length > everyPair
  const rows = names.map((from) => {
    const own = cells.filter((cell) => cell.from === from)
    const others = many ? [share(own)] : names.map((to) => cellText(own.filter(pairOf(to))))
    return [from, ...others, ...columns.map(([kind]) => cellText(own.filter((cell) => cell.kind === kind)))]
  })
  return indented(table([['FROM', ...(many ? ['NODES'] : names), ...columns.map(([, title]) => title)], ...rows]), '  ')
}

function pairOf(to: string): (cell: Cell) => boolean {
  return (cell) => cell.to === to && isPair(cell)
}

function isPair({ kind }: Cell): boolean {
  return kind === 'pod' || kind === 'service' || kind === 'mtu' || kind === 'node'
}

/** `19 of 20`: how many of those that were asked are reached in every way. */
function share(own: readonly Cell[]): string {
  const pairs = own.filter(isPair)
  const asked = new Set(pairs.map(({ to }) => to))
  const failed = new Set(pairs.flatMap(({ state, to }) => (state === 'failed' ? [to] : [])))
  return failed.size === 0 ? `ok (${asked.size})` : `FAILED ${failed.size} of ${asked.size}`
}

function cellText(cells: readonly Cell[]): string {
  if (cells.length === 0) return ''
  const failed = cells.filter(({ state }) => state === 'failed')
  if (failed.length > 0) {
    const kinds = failed.map(({ kind }) => kind)
    return cells.length === 1 ? 'FAILED' : `FAILED ${kinds.includes('pod') ? 'pod' : kinds.join(',')}`
  }
  return cells.every(({ state }) => state === 'skipped') ? 'skipped' : 'ok'
}

function policies(cells: readonly Cell[], style: Style): string {
  const own = cells.filter(({ kind }) => kind === 'blocked' || kind === 'unblocked')
  const skipped = cells.filter(({ kind, state }) => kind === 'outside' && state === 'skipped')
  const lines = [
    own.length === 0
      ? ''
      : `NetworkPolicy: ${cellText(own)}${own[0]?.state === 'skipped' ? ` (${own[0].detail})` : ''}`,
    skipped[0] === undefined ? '' : `Internet DNS: skipped (${skipped[0].detail})`,
  ]
  return coloured(lines.filter((line) => line !== '').join('\n'), style)
}

function causeText({ message, hint, cells }: Cause, style: Style): string {
  const shown = cells.slice(0, 12).map(({ kind, from, to, detail }) => {
    const way = to === undefined || to === from ? from : `${from} -> ${to}`
    return `${way}: ${words[kind]}: ${detail}`
  })
  const more = cells.length > shown.length ? [`and ${cells.length - shown.length} more`] : []
  return [
    `${style('bad', 'failed')} ${style('strong', message)}`,
    ...[...shown, ...more].map((line) => style('faint', `  | ${line}`)),
    `  What to do: ${hint}`,
  ].join('\n')
}

function summary({ nodes, cells, causes }: NetworkFindings, style: Style): string {
  const failed = cells.filter(({ state }) => state === 'failed').length
  const tried = cells.filter(({ state }) => state !== 'skipped').length
  if (causes.length === 0)
    return style('good', `All ${counted(tried, 'check')} on ${counted(nodes.length, 'node')} are ok.`)
  return style('bad', `${failed} of ${counted(tried, 'check')} failed; ${counted(causes.length, 'likely cause')}.`)
}

/** Colours words last, because colours have no width and the tables count characters. */
function coloured(text: string, style: Style): string {
  return text
    .replaceAll(/\bFAILED(?: [a-z,]+)?/g, (word) => style('bad', word))
    .replaceAll(/\bok\b/g, (word) => style('good', word))
    .replaceAll(/\bskipped\b/g, (word) => style('faint', word))
}
