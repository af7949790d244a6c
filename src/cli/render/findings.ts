import type { HostFinding } from '../../engine/plan.ts'
import type { Style } from '../style.ts'
import { groupByHost, withoutName } from './same.ts'
import { counted } from './text.ts'

/** A finding of preflight, and whether its check was ignored. */
export interface JudgedFinding extends HostFinding {
  readonly ignored: boolean
}

/** Tells the errors that stop a run from those whose check is ignored. */
export function judged(findings: readonly HostFinding[], blocking: readonly HostFinding[]): readonly JudgedFinding[] {
  const stopping = new Set(blocking)
  return findings.map((one) => ({ ...one, ignored: one.finding.severity === 'error' && !stopping.has(one) }))
}

/** Findings of all hosts at once: the same one of several hosts together, errors first. */
export function findingsText(findings: readonly JudgedFinding[], style: Style): string {
  const groups = groupByHost(findings, sameness, ({ host }) => host).toSorted(
    (one, other) => rank(one.item) - rank(other.item),
  )
  return groups
    .map(({ item, hosts }) => {
      const { check, message, hint } = item.finding
      const shown = (text: string): string => (hosts.length > 1 ? withoutName(text, item.host) : text)
      const place = style('place', `[${hosts.join(', ')}]`)
      const line = `${severity(item, style)} ${style('strong', check)} ${place} ${shown(message)}`
      return hint === '' ? line : `${line}\n  What to do: ${shown(hint)}`
    })
    .join('\n')
}

/** `Preflight: 2 errors, 1 warning on 3 hosts.` */
export function findingsSummary(findings: readonly JudgedFinding[], hosts: number, style: Style): string {
  const errors = findings.filter((one) => rank(one) === 0).length
  const warnings = findings.filter((one) => rank(one) === 1).length
  const ignored = findings.filter((one) => one.ignored).length
  const more = ignored === 0 ? '' : `, ${counted(ignored, 'ignored error')}`
  const text = `Preflight: ${counted(errors, 'error')}, ${counted(warnings, 'warning')}${more} on ${counted(hosts, 'host')}.`
  return style(errors > 0 ? 'bad' : warnings > 0 ? 'warning' : 'good', text)
}

/** How to go on in spite of findings; undefined when nothing stops the run, or nothing helps. */
export function ignoreHint(blocking: readonly HostFinding[]): string | undefined {
  if (blocking.some(({ finding }) => finding.final === true)) return undefined
  const checks = [...new Set(blocking.map(({ finding }) => finding.check))]
  if (checks.length === 0) return undefined
  return `If you know better: --ignore ${checks.join(',')}`
}

function severity(one: JudgedFinding, style: Style): string {
  if (one.ignored) return style('faint', 'ignored')
  return one.finding.severity === 'error' ? style('bad', 'error') : style('warning', 'warning')
}

function rank({ finding, ignored }: JudgedFinding): number {
  if (ignored) return 2
  return finding.severity === 'error' ? 0 : 1
}

function sameness({ host, ignored, finding: { check, severity, message, hint } }: JudgedFinding): string {
  return JSON.stringify([check, severity, ignored, withoutName(message, host), withoutName(hint, host)])
}
