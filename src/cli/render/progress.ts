import type { EngineEvent } from '../../engine/events.ts'
import type { Plan } from '../../engine/plan.ts'

/** A phase and the hosts that have something to do in it. */
export interface PhaseRows {
  readonly phase: string
  readonly hosts: readonly string[]
}

/** How far a row is. */
export type RowState = 'waiting' | 'running' | 'done' | 'failed' | 'stopped' | 'skipped'

/** What a row of the live view shows. */
export interface Row {
  readonly state: RowState
  /** What is being done there right now. */
  readonly doing: string
  readonly since: number
  readonly until: number | undefined
}

/** A run, as far as it has come. */
export interface Progress {
  event(event: EngineEvent): void
  host(phase: string, host: string): Row
  phase(phase: string): Row
}

/** The phases and hosts of a plan that have something to do, in the order of the playbook. */
export function rowsOf(plan: Plan): readonly PhaseRows[] {
  const phases = new Map<string, string[]>()
  for (const { phase, host } of plan.changes) {
    const hosts = phases.get(phase) ?? []
    phases.set(phase, hosts.includes(host) ? hosts : [...hosts, host])
  }
  return [...phases].map(([phase, hosts]) => ({ phase, hosts }))
}

/** Follows a run by its events. */
export function followProgress(phases: readonly PhaseRows[], now: () => number): Progress {
  const rows = new Map<string, Row>()
  const failed = new Set<string>()
  const current = new Map<string, string>()
  const tasks = new Map<string, string>()
  const idle: Row = { state: 'waiting', doing: '', since: 0, until: undefined }
  const get = (phase: string, host: string): Row => rows.get(`${phase} ${host}`) ?? idle
  const doing = (host: string, text: string): void => {
    const phase = current.get(host)
    if (phase !== undefined) rows.set(`${phase} ${host}`, { ...get(phase, host), doing: text })
  }
  const ofTask = (host: string, text: string): string => `${tasks.get(host) ?? ''} · ${text}`
  const end = (phase: string, host: string, state: RowState): void => {
    const row = get(phase, host)
    const since = row.state === 'waiting' ? now() : row.since
    rows.set(`${phase} ${host}`, { ...row, state, since, until: now() })
  }
  return {
    event(event) {
      if (event.type === 'phase-started') {
        current.set(event.host, event.phase)
        rows.set(`${event.phase} ${event.host}`, { state: 'running', doing: '', since: now(), until: undefined })
      } else if (event.type === 'phase-finished') end(event.phase, event.host, 'done')
      else if (event.type === 'phase-skipped') end(event.phase, event.host, 'skipped')
      // The engine reports a phase that was stopped as failed, too; only an error makes it a failure.
      else if (event.type === 'phase-failed')
        end(event.phase, event.host, failed.has(event.host) ? 'failed' : 'stopped')
      else if (event.type === 'error') failed.add(event.error.details.host ?? '')
      else if (event.type === 'task-started') {
        tasks.set(event.host, event.summary)
        doing(event.host, event.summary)
      } else if (event.type === 'change-started') doing(event.host, ofTask(event.host, event.summary))
      else if (event.type === 'waiting') doing(event.host, ofTask(event.host, `waiting: ${event.reason}`))
    },
    host: get,
    phase(phase) {
      const hosts = phases.find((candidate) => candidate.phase === phase)?.hosts ?? []
      return together(hosts.map((host) => get(phase, host)))
    },
  }
}

/** A phase is what its hosts are: it waits until one begins, runs until all have ended, and is done when all are. */
function together(rows: readonly Row[]): Row {
  const begun = rows.filter(({ state }) => state !== 'waiting')
  if (begun.length === 0) return { state: 'waiting', doing: '', since: 0, until: undefined }
  const since = Math.min(...begun.map((row) => row.since))
  const ended = rows.filter(({ until }) => until !== undefined).length
  if (ended < rows.length) {
    const doing = rows.length === 1 ? '' : `${ended} of ${rows.length} hosts`
    return { state: 'running', doing, since, until: undefined }
  }
  const until = Math.max(...rows.map((row) => row.until ?? 0))
  const count = (state: RowState): number => rows.filter((row) => row.state === state).length
  const done = count('done')
  if (done === rows.length) return { state: 'done', doing: '', since, until }
  if (count('skipped') === rows.length) return { state: 'skipped', doing: '', since, until }
  const doing = rows.length === 1 ? '' : `${done} of ${rows.length} hosts are done`
  return { state: count('failed') > 0 ? 'failed' : 'stopped', doing, since, until }
}
