import { type ExitClass, type KubewrightError, errorsIn } from '../engine/errors.ts'
import { InventoryError } from '../inventory/problem.ts'
import { errorsText } from './render/error.ts'
import { inventoryErrorText, problemRecord } from './render/inventory-error.ts'
import { errorRecord } from './render/record.ts'
import type { Screen } from './screen.ts'

/** Tells a person (on stderr) or a program (on stdout) what went wrong; the exit class is that of the first error. */
export function reportFailure(
  thrown: unknown,
  screen: Screen,
  flags: { readonly output: 'text' | 'json' },
  now: Date,
): ExitClass {
  const json = flags.output === 'json'
  const records = (errors: readonly object[]): void => {
    for (const error of errors) {
      screen.print(JSON.stringify({ formatVersion: 1, time: now.toISOString(), type: 'error', error }))
    }
  }
  if (thrown instanceof InventoryError) {
    if (json) records(thrown.problems.map(problemRecord))
    else screen.say(inventoryErrorText(thrown, screen.sayStyle))
    return 'inventory'
  }
  const errors = errorsIn(thrown)
  if (json) records(errors.map(errorRecord))
  else screen.say(errorsText(errors, screen.sayStyle))
  return exitClassOf(errors)
}

/** Several errors: the class of the first. */
export function exitClassOf(errors: readonly KubewrightError[]): ExitClass {
  return errors[0]?.details.exit ?? 'internal'
}

/** Where a defect happened, with its causes: for the run log alone, never for the screen. */
export function defectTraces(thrown: unknown): readonly string[] {
  const traces: string[] = []
  for (let cause: unknown = thrown; cause instanceof Error && traces.length < 5; cause = cause.cause) {
    traces.push(cause.stack ?? cause.message)
  }
  return traces
}
