import { homedir, userInfo } from 'node:os'
import type { Readable } from 'node:stream'

/** A stream that is written to, and what is known of the terminal behind it. */
export interface OutputStream {
  write(text: string): unknown
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  readonly rows?: number | undefined
}

/** Everything that a command line program has from outside; tests inject their own. */
export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean | undefined }
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly home: string
  readonly username: string
  readonly now: () => Date
  /** Calls the listener on each Ctrl-C or request to end; returns what stops that. */
  readonly onInterrupt: (listener: () => void) => () => void
}

const interruptions = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Streams, environment and signals of this process. */
export function processIo(): Io {
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    username: userInfo().username,
    now: () => new Date(),
    onInterrupt(listener) {
      for (const signal of interruptions) process.on(signal, listener)
      return () => {
        for (const signal of interruptions) process.off(signal, listener)
      }
    },
  }
}
