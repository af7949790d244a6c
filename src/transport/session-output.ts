import { afterStart } from './script.ts'

/** Takes what a session prints: passes on what its script prints and keeps what explains a script that does not start. */
export interface SessionOutput {
  stdout(chunk: Buffer): void
  stderr(chunk: Buffer): void
  /** Resolves when the script runs. */
  readonly begun: Promise<void>
  /** What the login shell printed on stdout before that. */
  head(): Buffer
  lastStderr(): Buffer
}

const keptStderr = 4096

/** Makes an output that delivers the script's stdout. */
export function sessionOutput(deliver: (chunk: Buffer) => void): SessionOutput {
  const state = { head: Buffer.alloc(0) as Buffer, stderr: Buffer.alloc(0) as Buffer, runs: false }
  const signs: (() => void)[] = []
  const begun = new Promise<void>((resolve) => signs.push(resolve))
  return {
    stdout(chunk) {
      if (state.runs) return deliver(chunk)
      state.head = Buffer.concat([state.head, chunk])
      const start = afterStart(state.head)
      if (start < 0) return
      state.runs = true
      deliver(state.head.subarray(start))
      for (const sign of signs) sign()
    },
    stderr: (chunk) => void (state.stderr = Buffer.concat([state.stderr, chunk]).subarray(-keptStderr)),
    begun,
    head: () => state.head,
    lastStderr: () => state.stderr,
  }
}
