import { errorsIn, KubewrightErrors } from '../engine/errors.ts'

/** Waits for all and rejects with the errors of all of them at once. */
export async function settle<Value>(promises: readonly Promise<Value>[]): Promise<readonly Value[]> {
  const outcomes = await Promise.allSettled(promises)
  const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? errorsIn(outcome.reason) : []))
  if (errors.length > 0) throw new KubewrightErrors(errors)
  return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
}
