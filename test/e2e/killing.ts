import { kubewright, recordsOf, type Elsewhere, type EventRecord, type Outcome } from './support.ts'

/** When a run is killed: after so many milliseconds, or (again after some) at its n-th event of these types. */
export type Moment =
  { readonly after: number } | { readonly event: number; readonly types: readonly string[]; readonly delay: number }

/** What a run that was killed, or was done before it could be, has told. */
export interface KilledRun {
  readonly outcome: Outcome
  readonly killed: boolean
  readonly events: readonly EventRecord[]
}

/** Runs apply in a directory of its own and kills it with SIGKILL: nothing on the control machine gets to clean up. */
export async function killedApply(there: Elsewhere, moment: Moment, ...args: readonly string[]): Promise<KilledRun> {
  const command = ['apply', '--yes', '--output', 'json', '--inventory', there.inventoryPath, ...args]
  let [seen, timer]: [number, NodeJS.Timeout | undefined] = [0, undefined]
  const outcome = await kubewright(command, {
    cwd: there.directory,
    started(child) {
      if ('after' in moment) timer = setTimeout(() => child.kill('SIGKILL'), moment.after)
    },
    line(text, child) {
      if (!('event' in moment)) return
      if (!moment.types.includes((JSON.parse(text) as EventRecord).type)) return
      seen += 1
      if (seen !== moment.event) return
      if (moment.delay === 0) child.kill('SIGKILL')
      else timer = setTimeout(() => child.kill('SIGKILL'), moment.delay)
    },
  })
  clearTimeout(timer)
  // A killed process may have been in the middle of a line.
  const whole = outcome.stdout.slice(0, outcome.stdout.lastIndexOf('\n') + 1)
  return { outcome, killed: outcome.code === null, events: recordsOf({ stdout: whole }) }
}

/** Goes on with apply from a directory of its own; a host may need a moment to learn that the killed run is gone. */
export async function continuedApply(there: Elsewhere, ...args: readonly string[]): Promise<Outcome> {
  const command = ['apply', '--yes', '--output', 'json', '--inventory', there.inventoryPath, ...args]
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await kubewright(command, { cwd: there.directory })
    if (outcome.code !== 7 || attempt === 30) return outcome
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
}
