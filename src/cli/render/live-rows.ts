import { latch } from '../latch.ts'
import type { RowState } from './progress.ts'

/** A row as listr knows it. */
export interface DrawnRow {
  /** Its title is set here, and drawn with the next frame: listr would draw everything anew for each title that it is told of. */
  readonly task: { title?: string }
  output: string
}

/** When a row begins and ends. */
export interface Followed {
  readonly begun: Promise<void>
  readonly ended: Promise<void>
}

/** The rows that are on the screen; their titles follow the run, and their ends are its ends. */
export interface LiveRows {
  follow(row: DrawnRow, title: () => string, state: () => RowState): Followed
  /** Brings titles up to date; with `end`, every row ends, whatever its state is. */
  refresh(end?: boolean): void
  /** Shows a message below the rows, for as long as they are there. */
  announce(message: string): void
}

interface Following {
  readonly row: DrawnRow
  readonly title: () => string
  readonly state: () => RowState
  readonly begin: () => void
  readonly end: () => void
}

/** No rows yet. */
export function liveRows(): LiveRows {
  const all = new Set<Following>()
  let over = false
  const update = (one: Following): void => {
    one.row.task.title = one.title()
    const state = one.state()
    if (over || state !== 'waiting') one.begin()
    if (!over && (state === 'waiting' || state === 'running')) return
    one.end()
    all.delete(one)
  }
  return {
    follow(row, title, state) {
      const begun = latch()
      const ended = latch()
      const one: Following = { row, title, state, begin: begun.open, end: ended.open }
      all.add(one)
      update(one)
      return { begun: begun.opened, ended: ended.opened }
    },
    refresh(end = false) {
      over ||= end
      for (const one of all) update(one)
    },
    announce(message) {
      const [first] = all
      if (first !== undefined) first.row.output = message
    },
  }
}
