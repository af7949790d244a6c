import { Readable } from 'node:stream'
import { deadline } from './abortable.ts'
import type { Command } from './command.ts'
import type { Exchange } from './exchange.ts'
import { connectionLost, explained } from './failures.ts'
import type { Slots } from './slots.ts'
import { afterStart, type FramedScript, frame, notStarted } from './script.ts'
import type { ExecOptions, ExecResult } from './transport.ts'

/** Where a script runs, and who counts what is sent and received. */
export interface Place {
  readonly host: string
  readonly user: string
  readonly channels: Slots
  readonly exchange: Exchange
  readonly count: Counter
}

/** Counts the traffic of a transport. */
export interface Counter {
  executions: number
  bytesSent: number
  bytesReceived: number
}

const defaultTimeout = 600_000

/** Runs one script to its end, as `Transport.exec` does, on a connection that is there. */
export async function run(place: Place, script: Command, options: ExecOptions): Promise<ExecResult> {
  const framed = frame(script, place.user === 'root')
  const limit = options.timeout ?? defaultTimeout
  const limited = deadline(limit, options.signal)
  let release: (() => void) | undefined
  try {
    release = await place.channels.take(limited.signal)
    return await collect(place, framed, options, limited.signal)
  } catch (error) {
    throw explained(place.host, error, { limit, signal: options.signal })
  } finally {
    limited.clear()
    release?.()
  }
}

async function collect(
  place: Place,
  framed: FramedScript,
  options: ExecOptions,
  signal: AbortSignal,
): Promise<ExecResult> {
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  const into = (chunks: Buffer[]) => (chunk: Buffer) => {
    place.count.bytesReceived += chunk.length
    chunks.push(chunk)
  }
  place.count.executions += 1
  const code = await place.exchange({
    line: framed.line,
    stdin: () => Readable.from(counted(input(framed.bytes, options.payload), place.count)),
    onStdout: into(stdout),
    onStderr: into(stderr),
    signal,
  })
  if (code === undefined) throw connectionLost(place.host)
  const all = { code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) }
  const start = afterStart(all.stdout)
  if (start < 0) throw notStarted(place.host, place.user, code, all.stdout, all.stderr)
  return { ...all, stdout: all.stdout.subarray(start) }
}

async function* input(script: Buffer, payload: ExecOptions['payload']): AsyncGenerator<Buffer> {
  yield script
  if (Buffer.isBuffer(payload)) yield payload
  else if (payload !== undefined) yield* payload
}

async function* counted(chunks: AsyncIterable<Buffer>, count: Counter): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    count.bytesSent += chunk.length
    yield chunk
  }
}
