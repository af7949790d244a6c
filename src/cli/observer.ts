import { existsSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { errorsIn } from '../engine/errors.ts'
import type { Emit } from '../engine/events.ts'
import { InventoryError } from '../inventory/problem.ts'
import { defectTraces } from './failure.ts'
import { noLog, openRunLog } from './log.ts'
import { problemRecord } from './render/inventory-error.ts'
import { errorRecord, eventRecord } from './render/record.ts'
import type { Renderer } from './render/renderer.ts'
import type { Invocation } from './verb.ts'

/** Takes the events of a run to the run log and to whatever draws at the moment. */
export interface Observer {
  readonly emit: Emit
  /** Draws with this renderer while the work goes on. */
  drawing<Result>(renderer: Renderer, work: () => Promise<Result>): Promise<Result>
  /** Path of the run log, as a person would write it. */
  readonly log: string | undefined
}

/** Runs a verb that talks to hosts with an observer; what it throws is in the log before it is thrown on. */
export async function observed<Result>(
  invocation: Invocation,
  run: (observer: Observer) => Promise<Result>,
): Promise<Result> {
  const { verb, flags, io, screen, interruption } = invocation
  const inventory = resolve(io.cwd, flags.inventory)
  const warn = (message: string): void => screen.say(`${screen.sayStyle('warning', 'warning')} ${message}`)
  // A mistyped path shall not leave a directory.
  const log = existsSync(inventory) ? openRunLog(dirname(inventory), verb, io.now(), warn) : noLog
  let renderer: Renderer | undefined
  interruption.beforeEnd(async () => renderer?.close())
  const observer: Observer = {
    log: log.path === undefined ? undefined : relative(io.cwd, log.path),
    emit(event) {
      log.write(eventRecord(event, io.now()))
      renderer?.event(event)
    },
    async drawing(next, work) {
      renderer = next
      try {
        return await work()
      } finally {
        await next.close()
        renderer = undefined
      }
    },
  }
  try {
    return await run(observer)
  } catch (thrown) {
    for (const record of failureRecords(thrown))
      log.write({ formatVersion: 1, time: io.now().toISOString(), ...record })
    throw thrown
  } finally {
    log.close()
  }
}

function failureRecords(thrown: unknown): readonly object[] {
  if (thrown instanceof InventoryError)
    return thrown.problems.map((problem) => ({ type: 'error', error: problemRecord(problem) }))
  return errorsIn(thrown).map((error) => ({
    type: 'error',
    error: errorRecord(error),
    ...(error.details.code === 'KW0001' ? { traces: defectTraces(error.details.cause) } : {}),
  }))
}
