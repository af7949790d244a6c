import type { Plan, PlannedChange } from '../../engine/plan.ts'
import type { Change, Impact, Verb } from '../../engine/resource.ts'
import type { Mark, Style } from '../style.ts'
import { type Group, groupByHost } from './same.ts'
import { counted, indented } from './text.ts'

const signs: Readonly<Record<Verb, { readonly sign: string; readonly mark: Mark }>> = {
  create: { sign: '+', mark: 'good' },
  update: { sign: '~', mark: 'warning' },
  delete: { sign: '-', mark: 'bad' },
  restart: { sign: '!', mark: 'warning' },
  run: { sign: '!', mark: 'warning' },
  wait: { sign: '…', mark: 'faint' },
}

const impacts: Readonly<Record<Exclude<Impact, 'none'>, { readonly text: string; readonly mark: Mark }>> = {
  restart: { text: '(restart)', mark: 'warning' },
  'api-outage': { text: '(API outage)', mark: 'bad' },
  workload: { text: '(interrupts workloads)', mark: 'bad' },
}

const asItShallBe = 'No changes. The cluster is as the inventory says.'

/** How a plan is shown. */
export interface PlanView {
  readonly style: Style
  /** Show the content of new files, too. */
  readonly verbose: boolean
  /** Said when there is nothing to change. */
  readonly unchanged?: string
}

/** The changes that count: a wait changes nothing. */
export function countedChanges(plan: Plan): readonly PlannedChange[] {
  return plan.changes.filter(({ change }) => change.verb !== 'wait')
}

/** A plan for a person: phases, their tasks, each change once with its hosts, and counts at the end. */
export function planText(plan: Plan, view: PlanView): string {
  const phases = inOrder(plan.changes, ({ phase }) => phase).map(([phase, changes]) => {
    const tasks = inOrder(changes, ({ task }) => task).map(([, some]) => taskText(some, view))
    return `${view.style('strong', phase)}\n${tasks.join('\n')}`
  })
  const hidden = !view.verbose && plan.changes.some(({ change }) => change.verb === 'create' && change.diff)
  const note = hidden ? [view.style('faint', '--verbose shows the content of new files.')] : []
  return [...phases, [planSummary(plan, view.unchanged), ...note].join('\n')].join('\n\n')
}

/** `Plan: 41 to create, 2 to update, 0 to delete, 1 to restart on 3 hosts.` */
export function planSummary(plan: Plan, unchanged = asItShallBe): string {
  const changes = countedChanges(plan)
  const waits = plan.changes.length - changes.length
  if (changes.length === 0) {
    if (waits === 0) return unchanged
    return `No changes, but ${waits === 1 ? '1 check has' : `${waits} checks have`} yet to pass; apply waits for that.`
  }
  const count = (verb: Verb): number => changes.filter(({ change }) => change.verb === verb).length
  const parts = (['create', 'update', 'delete', 'restart'] as const).map((verb) => `${count(verb)} to ${verb}`)
  if (count('run') > 0) parts.push(`${count('run')} to run`)
  const hosts = new Set(changes.map(({ host }) => host)).size
  return `Plan: ${parts.join(', ')} on ${counted(hosts, 'host')}.`
}

function taskText(changes: readonly PlannedChange[], view: PlanView): string {
  const [first] = changes
  if (first === undefined) return ''
  const groups = groupByHost(changes, ({ change }) => sameness(change), ({ host }) => host) // prettier-ignore
  const width = Math.max(...groups.map(({ item }) => item.change.summary.length))
  const lines = groups.flatMap((group) => changeLines(group, Math.min(width, 72), view))
  return [`  ${first.title} ${view.style('faint', first.task)}`, ...lines].join('\n')
}

function sameness({ verb, summary, impact, diff }: Change): string {
  return JSON.stringify([verb, summary, impact, diff])
}

function changeLines({ item, hosts }: Group<PlannedChange>, width: number, view: PlanView): readonly string[] {
  const { verb, summary, impact, diff } = item.change
  const { sign, mark } = signs[verb]
  const effect = impact === 'none' ? '' : `   ${view.style(impacts[impact].mark, impacts[impact].text)}`
  const line = `    ${view.style(mark, sign)} ${summary.padEnd(width)}   ${view.style('place', hosts.join(', '))}${effect}`
  const shown = diff !== undefined && (verb !== 'create' || view.verbose)
  return shown ? [line, diffText(diff, view.style)] : [line]
}

function diffText(diff: string, style: Style): string {
  const coloured = diff
    .replace(/\n+$/, '')
    .split('\n')
    .map((line) => {
      if (line.startsWith('@@')) return style('note', line)
      if (line.startsWith('+')) return style('added', line)
      return line.startsWith('-') ? style('removed', line) : line
    })
  return indented(coloured.join('\n'), '        ')
}

function inOrder<Item>(items: readonly Item[], key: (item: Item) => string): readonly (readonly [string, Item[]])[] {
  const parts = new Map<string, Item[]>()
  for (const item of items) parts.set(key(item), [...(parts.get(key(item)) ?? []), item])
  return [...parts]
}
