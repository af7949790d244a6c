import type { EngineEvent } from '../../engine/events.ts'
import type { Style } from '../style.ts'
import type { Renderer } from './renderer.ts'
import { duration } from './text.ts'

/** What a plain renderer writes with. */
export interface PlainOptions {
  readonly print: (text: string) => void
  readonly style: Style
  readonly now: () => Date
  /** Phases, tasks and the end of each change, too. */
  readonly verbose: boolean
}

type ChangeEvent = Extract<EngineEvent, { resource: string; verb: string }>

/** A change that took longer than this gets a line at its end. */
const slow = 10_000
/** A wait says again that it waits after this many seconds. */
const patience = 15

/** One line an event, for logs and pipes: `00:12 [w1] containerd/config: write /etc/containerd/config.toml`. */
export function plainRenderer({ print, style, now, verbose }: PlainOptions): Renderer {
  const began = now().getTime()
  const clocks = new Map<string, number>()
  const waits = new Map<string, number>()
  const line = (host: string, text: string): void =>
    print(`${style('faint', clock(now().getTime() - began))} ${style('place', `[${host}]`)} ${text}`)

  const changed = (event: ChangeEvent): void => {
    const elapsed = now().getTime() - (clocks.get(`${event.host} ${event.resource}`) ?? now().getTime())
    const text = `${event.task}: ${event.summary}: done after ${duration(elapsed)}`
    if (verbose || elapsed >= slow) line(event.host, text)
  }
  const waited = ({ host, resource, reason, seconds }: Extract<EngineEvent, { type: 'waiting' }>): void => {
    const last = waits.get(`${host} ${resource}`)
    if (last !== undefined && seconds - last < patience) return
    waits.set(`${host} ${resource}`, seconds)
    line(host, `waiting${seconds === 0 ? '' : ` for ${duration(seconds * 1000)}`}: ${reason}`)
  }
  return {
    event(event) {
      if (event.type === 'change-started') {
        clocks.set(`${event.host} ${event.resource}`, now().getTime())
        line(event.host, `${event.task}: ${event.summary}`)
      } else if (event.type === 'change-finished') changed(event)
      else if (event.type === 'waiting') waited(event)
      else if (event.type === 'error') {
        const { host, code, message } = event.error.details
        line(host ?? '-', `${style('bad', `error ${code}`)} ${message}`)
      } else if (event.type === 'note') line(event.host, event.text)
      else if (event.type === 'stopping') print(style('warning', event.reason))
      else if (verbose) for (const [host, text] of details(event)) line(host, text)
    },
    close: async () => undefined,
  }
}

/** What is only said to those who want to know everything. */
function details(event: EngineEvent): readonly (readonly [string, string])[] {
  switch (event.type) {
    case 'host-connected':
      return [[event.host, 'connected']]
    case 'phase-started':
    case 'phase-finished':
    case 'phase-skipped':
    case 'phase-failed':
      return [[event.host, `phase ${event.phase} ${event.type.slice('phase-'.length)}`]]
    case 'task-started':
      return [[event.host, `${event.task}: ${event.summary}`]]
    default:
      return []
  }
}

function clock(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000)
  return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`
}
