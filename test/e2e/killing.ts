import type { ChildProcess } from 'node:child_process'
import { kubewright, recordsOf, type Elsewhere, type EventRecord, type Outcome } from './support.ts'

/**
 * When a run is killed, some milliseconds after: its start; its n-th event of these types; or the beginning of the first or second
 * thing that it does.
 */
export type Moment =
  | { readonly after: number }
  | { readonly event: number; readonly types: readonly string[]; readonly delay: number }
  | { readonly change: 'first' | 'second'; readonly delay: number }

/** What a run that was killed, or was done before it could be, has told. */
export interface KilledRun {
  readonly outcome: Outcome
  readonly killed: boolean
  readonly events: readonly EventRecord[]
}

/** Runs apply in a directory of its own and kills it with SIGKILL: nothing on the control machine gets to clean up. */
export async function killedApply(there: Elsewhere, moment: Moment, ...args: readonly string[]): Promise<KilledRun> {
  return killedRun(there, moment, ['apply', ...args])
}

/** The same for any command. */
export async function killedRun(there: Elsewhere, moment: Moment, words: readonly string[]): Promise<KilledRun> {
  const command = [...words, '--yes', '--output', 'json', '--inventory', there.inventoryPath]
  let [seen, timer]: [number, NodeJS.Timeout | undefined] = [0, undefined]
  const kill = (child: ChildProcess, delay: number): void => {
    if (delay === 0) child.kill('SIGKILL')
    else timer = setTimeout(() => child.kill('SIGKILL'), delay)
  }
  const outcome = await kubewright(command, {
    cwd: there.directory,
    started(child) {
      if ('after' in moment) timer = setTimeout(() => child.kill('SIGKILL'), moment.after)
    },
    line(text, child) {
      if ('after' in moment) return
      const { type } = JSON.parse(text) as EventRecord
      if ('change' in moment) {
        if (type === 'change-finished' && seen === 0) seen = 1
        if (type !== 'change-started' || seen !== (moment.change === 'first' ? 0 : 1)) return
        seen = 2
        kill(child, moment.delay)
        return
      }
      if (!moment.types.includes(type)) return
      seen += 1
      if (seen === moment.event) kill(child, moment.delay)
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
