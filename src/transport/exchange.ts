import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import type { ClientChannel } from 'ssh2'
import { abortable } from './abortable.ts'
import type { Connection } from './connection.ts'

/** What a command line is run with. */
export interface Exchange {
  readonly line: string
  /** Makes the stdin anew for each attempt to open a channel. */
  stdin(): Readable
  onStdout(chunk: Buffer): void
  onStderr(chunk: Buffer): void
  readonly signal: AbortSignal
}

const maxOpenings = 10

/**
 * Runs a command line in a channel of its own and resolves with its exit code; undefined when the connection was lost
 * first. Rejects with the signal's reason, with what stdin failed with, or with ssh2's error when no channel was opened.
 */
export async function exchange(connection: Connection, request: Exchange): Promise<number | undefined> {
  for (let openings = 1; ; openings += 1) {
    try {
      return await attempt(connection, request)
    } catch (error) {
      if (connection.isLost() && !request.signal.aborted) return undefined
      if (!wasNotOpened(error) || openings === maxOpenings) throw error
      await pause(40 * 1.5 ** openings * (0.5 + Math.random()), undefined, { signal: request.signal })
    }
  }
}

/** The host had no session left for us (MaxSessions), so nothing has run. */
export function wasNotOpened(error: unknown): boolean {
  return error instanceof Error && error.message.includes('Channel open failure')
}

async function attempt(connection: Connection, request: Exchange): Promise<number | undefined> {
  const { signal } = request
  const stdin = request.stdin()
  let channel: ClientChannel | undefined
  const inputFailed = new Promise<never>((_resolve, reject) => stdin.once('error', reject))
  const running = connection.ssh.execCommand(request.line, {
    stdin,
    // node-ssh keeps a string of the output too, which would be decoded chunk by chunk: ours are the chunks
    encoding: 'latin1',
    noTrim: true,
    onChannel(opened) {
      channel = opened
      opened.on('error', () => undefined)
      if (signal.aborted) opened.close()
    },
    onStdout: (chunk) => request.onStdout(chunk),
    onStderr: (chunk) => request.onStderr(chunk),
  })
  try {
    const { code, signal: killedBy } = await abortable(Promise.race([running, inputFailed]), signal)
    return code ?? (killedBy === null ? undefined : 128 + numberOf(killedBy))
  } finally {
    running.catch(() => undefined)
    inputFailed.catch(() => undefined)
    stdin.destroy()
    channel?.close()
  }
}

function numberOf(signal: string): number {
  return constants.signals[signal as NodeJS.Signals] ?? 0
}
