import type { ListrRendererFactory, ListrTask, Spinner as ListrSpinner } from 'listr2'

import type { Io } from '../io.ts'
import type { Mark, Style } from '../style.ts'
import { followProgress, type PhaseRows, type Progress, type Row, type RowState } from './progress.ts'
import { type LiveRows, liveRows } from './live-rows.ts'
import type { Renderer } from './renderer.ts'
import { duration } from './text.ts'

/** What the live view draws. */
export interface TerminalOptions {
  readonly io: Pick<Io, 'stdout' | 'stderr'>
  readonly style: Style
  readonly phases: readonly PhaseRows[]
  readonly now: () => number
}

/** Lines besides the rows: the message that a run is being stopped, and the cursor. */
const margin = 3

/** Whether all rows fit on the terminal: a view that is taller than it is torn. A host is in one phase at a time, so it has one row. */
export function fits(phases: readonly PhaseRows[], rows: number | undefined): boolean {
  const hosts = new Set(phases.flatMap((phase) => phase.hosts))
  return phases.length + hosts.size + margin <= (rows ?? 24)
}

/** Phases and their hosts as a live view: what each host does at the moment, and for how long. */
export async function terminalRenderer({ io, style, phases, now }: TerminalOptions): Promise<Renderer> {
  const listr2 = await import('listr2')
  const progress = followProgress(phases, now)
  const rows = liveRows()
  const width = Math.max(
    ...phases.flatMap(({ phase, hosts }) => [phase.length, ...hosts.map((host) => host.length + 2)]),
  )
  const title = rowTitle(style, width, now)
  const processOutput = new listr2.ProcessOutput(io.stdout as NodeJS.WriteStream, io.stderr as NodeJS.WriteStream)
  const list = new listr2.Listr<object, 'default', 'silent'>(
    phases.map(({ phase, hosts }) => phaseTask(phase, hosts, { progress, rows, title })),
    {
      concurrent: true,
      exitOnError: false,
      registerSignalListeners: false,
      renderer: 'default',
      fallbackRenderer: 'silent',
      rendererOptions: {
        icon: withoutIcons(listr2.ListrDefaultRendererLogLevels),
        spinner: new (stillSpinner(listr2.Spinner))(),
        formatOutput: 'truncate',
        showErrorMessage: false,
        logger: new listr2.ListrLogger({ useIcons: true, toStderr: [], processOutput }),
      },
    },
  )
  const running = list.run()
  const notes: string[] = []
  const ticking = setInterval(() => rows.refresh(), 100)
  return {
    event(event) {
      progress.event(event)
      if (event.type === 'note') notes.push(`${style('place', `[${event.host}]`)} ${event.text}\n`)
      if (event.type === 'stopping') rows.announce(style('warning', event.reason))
      rows.refresh()
    },
    async close() {
      clearInterval(ticking)
      rows.refresh(true)
      await running
      if (notes.length > 0) io.stdout.write(notes.join(''))
    },
  }
}

interface Drawing {
  readonly progress: Progress
  readonly rows: LiveRows
  /** `inset` is by how much the row stands further to the right. */
  readonly title: (name: string, inset: number, row: Row) => string
}

function phaseTask(phase: string, hosts: readonly string[], drawing: Drawing): ListrTask<object, ListrRendererFactory> {
  const { progress, rows, title } = drawing
  const phaseTitle = (): string => title(phase, 0, progress.phase(phase))
  return {
    title: phaseTitle(),
    rendererOptions: { bottomBar: 1, persistentOutput: true },
    task: async (_context, task) => {
      const follow = rows.follow(task, phaseTitle, () => progress.phase(phase).state)
      await follow.begun
      if (progress.phase(phase).state === 'waiting') return undefined
      return task.newListr(
        hosts.map((host) =>
          hostTask(
            () => (isShown(progress.host(phase, host).state) ? title(host, 2, progress.host(phase, host)) : ''),
            () => progress.host(phase, host).state,
            rows,
          ),
        ),
        { concurrent: true, exitOnError: false },
      )
    },
  }
}

function hostTask(title: () => string, state: () => RowState, rows: LiveRows): ListrTask<object, ListrRendererFactory> {
  return {
    title: title(),
    task: async (_context, task) => {
      await rows.follow(task, title, state).ended
      // listr keeps the rows of a phase on the screen only if one of them has failed
      if (['failed', 'stopped'].includes(state())) throw new Error(state())
    },
  }
}

/** A host has a row while it works and when it has failed; listr leaves out what has an empty title. */
function isShown(state: RowState): boolean {
  return state === 'running' || state === 'failed' || state === 'stopped'
}

const icons: Readonly<Record<Exclude<RowState, 'running'>, { readonly icon: string; readonly mark: Mark }>> = {
  waiting: { icon: '·', mark: 'faint' },
  done: { icon: '✔', mark: 'good' },
  failed: { icon: '✖', mark: 'bad' },
  stopped: { icon: '■', mark: 'warning' },
  skipped: { icon: '↓', mark: 'faint' },
}
const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

/** `⠹ w1   12s  Configure containerd`: the time stands before what is done, so that it is not cut off. */
function rowTitle(style: Style, width: number, now: () => number): Drawing['title'] {
  return (name, inset, { state, doing, since, until }) => {
    const shown = name.padEnd(width - inset)
    if (state === 'waiting') return style('faint', `${icons.waiting.icon} ${shown}`)
    if (state === 'skipped') return style('faint', `${icons.skipped.icon} ${shown}        skipped`)
    const time = style('faint', duration((until ?? now()) - since).padStart(5))
    if (state === 'running') {
      const frame = style('note', frames[Math.floor(now() / 100) % frames.length] ?? '')
      return `${frame} ${shown} ${time}${doing === '' ? '' : `  ${doing}`}`
    }
    const { icon, mark } = icons[state]
    return `${style(mark, icon)} ${shown} ${time}${state === 'done' ? '' : `  ${style(mark, state)} ${doing}`}`
  }
}

/** The titles have icons of their own: listr's would show a row that has not begun as one that runs. */
function withoutIcons<Level extends string>(levels: Readonly<Record<string, Level>>): Record<Level, string> {
  return Object.fromEntries(Object.values(levels).map((level) => [level, ''])) as Record<Level, string>
}

function stillSpinner(Spinner: typeof ListrSpinner): typeof ListrSpinner {
  return class extends Spinner {
    override fetch(): string {
      return ''
    }
  }
}
