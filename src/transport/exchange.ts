import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import type { ClientChannel } from 'ssh2'
import { abortable } from './abortable.ts'
import type { Connection } from './connection.ts'

/**
 * Runs a command line and resolves with its exit code (128 + n when signal n killed it), or undefined when its end is not
 * known. Rejects with the signal's reason, with what stdin failed with, or when nothing could be started.
 */
export type Exchange = (request: ExchangeRequest) => Promise<number | undefined>

/** What a command line is run with. */
export interface ExchangeRequest {
  readonly line: string
  /** Makes the stdin; called again when nothing was started and it is tried again. */
  stdin(): Readable
  onStdout(chunk: Buffer): void
  onStderr(chunk: Buffer): void
  readonly signal: AbortSignal
}

const maxOpenings = 10

/** An {@link Exchange} in a channel of its own of an SSH connection. */
export async function exchangeOver(connection: Connection, request: ExchangeRequest): Promise<number | undefined> {
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

/** The host had no session left for us (MaxSessions) or refused to run anything in it, so nothing has run. */
export function wasNotOpened(error: unknown): boolean {
  return error instanceof Error && /Channel open failure|Unable to exec/.test(error.message)
}

async function attempt(connection: Connection, request: ExchangeRequest): Promise<number | undefined> {
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
      if (!signal.aborted) return
      opened.close()
      // node-ssh still pipes stdin after this, and fails within ssh2 when that is destroyed
      setImmediate(() => stdin.destroy())
    },
    onStdout: (chunk) => request.onStdout(chunk),
    onStderr: (chunk) => request.onStderr(chunk),
  })
  try {
    const { code, signal: killedBy } = await abortable(Promise.race([running, inputFailed]), signal)
    return exitCode(code, killedBy)
  } finally {
    running.catch(() => undefined)
    inputFailed.catch(() => undefined)
    channel?.close()
    if (channel !== undefined) stdin.destroy()
  }
}

/** An exit code as a shell gives it, for a process that ended by itself or by a signal; undefined when neither is known. */
export function exitCode(code: number | null, killedBy: string | null): number | undefined {
  return code ?? (killedBy === null ? undefined : 128 + (constants.signals[killedBy as NodeJS.Signals] ?? 0))
}
