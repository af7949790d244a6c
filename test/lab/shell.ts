import { $ as base } from 'zx/core'

// Children stay in our process group, so that Ctrl-C ends them together with us.
/** Runs a local command with bash; its output is captured and a failure throws. */
export const $ = base({ quiet: true, detached: false })

/** Like `$`, but a failure is an answer and not an error. */
export const ask = base({ quiet: true, detached: false, nothrow: true })

/** Tells the person who waits what happens now. */
export function progress(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** Runs a step with a line before it and its duration after it. */
export async function timed<T>(title: string, step: () => Promise<T>): Promise<T> {
  const started = Date.now()
  progress(`${title} ...`)
  const result = await step()
  progress(`${title}: done in ${((Date.now() - started) / 1000).toFixed(1)} s`)
  return result
}

/** What a command in a host answered. */
export interface Output {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}
