import { setTimeout as pause } from 'node:timers/promises'
import { latch } from './latch.ts'

/** What Ctrl-C means at a moment: at once while nothing is changed, after the running action while something is. */
export interface Interruption {
  /** Aborted: no further action is begun. */
  readonly stop: AbortSignal
  /** Aborted: everything is let go. */
  readonly abort: AbortSignal
  /** Resolves when the run is given up; the process ends then, whatever still runs. */
  readonly givenUp: Promise<void>
  /** Runs what changes hosts: the first Ctrl-C only stops it, and is told to the listener. */
  whileActing<Result>(stopping: () => void, act: () => Promise<Result>): Promise<Result>
  /** Whether hosts are being changed at the moment. */
  acted(): boolean
  /** Called when the run is given up, before the process ends. */
  beforeEnd(clean: () => Promise<void>): void
  close(): void
}

/** Milliseconds that the screen gets to be put in order. */
const limit = 500

/** Listens for interruptions until it is closed. */
export function listenForInterruptions(onInterrupt: (listener: () => void) => () => void): Interruption {
  const stop = new AbortController()
  const abort = new AbortController()
  const cleaning: (() => Promise<void>)[] = []
  let acting: (() => void) | undefined
  const end = latch()
  const close = onInterrupt(() => {
    const gently = acting !== undefined && !stop.signal.aborted
    stop.abort()
    if (gently) {
      acting?.()
      return
    }
    abort.abort()
    const cleaned = Promise.allSettled(cleaning.splice(0).map(async (clean) => clean()))
    void Promise.race([cleaned, pause(limit)]).then(end.open)
  })
  return {
    stop: stop.signal,
    abort: abort.signal,
    givenUp: end.opened,
    async whileActing(stopping, act) {
      acting = stopping
      try {
        return await act()
      } finally {
        acting = undefined
      }
    },
    acted: () => acting !== undefined,
    beforeEnd: (clean) => void cleaning.push(clean),
    close,
  }
}
