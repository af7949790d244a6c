import { PassThrough } from 'node:stream'
import { abortable, deadline } from './abortable.ts'
import type { Command } from './command.ts'
import { connectionLost, explained } from './failures.ts'
import { lineReader } from './line-reader.ts'
import type { Place } from './run.ts'
import { frame, notStarted } from './script.ts'
import { sessionOutput } from './session-output.ts'
import type { Session } from './transport.ts'

const startTimeout = 60_000

/** Starts a script whose stdin stays open, as `Transport.open` does; it keeps one of the connection's channels until it ends. */
export async function openSession(place: Place, script: Command): Promise<Session> {
  const release = await place.channels.take()
  const reader = lineReader()
  const starting = new AbortController()
  const started = start(place, script, (chunk) => reader.push(chunk), starting.signal)
  const ended = started.ended.then(
    () => undefined,
    () => undefined,
  )
  void ended.then(() => {
    release()
    reader.end()
  })
  const limit = deadline(startTimeout)
  try {
    await abortable(started.begun, limit.signal)
  } catch (error) {
    starting.abort()
    throw explained(place.host, error, { limit: startTimeout })
  } finally {
    limit.clear()
  }
  return { write: started.write, line: async () => reader.line(), ended, end: started.end }
}

interface Started {
  /** Resolves when the script runs; rejects when it has ended before that. */
  readonly begun: Promise<void>
  readonly ended: Promise<unknown>
  readonly write: (text: string) => void
  readonly end: () => void
}

function start(place: Place, script: Command, deliver: (chunk: Buffer) => void, signal: AbortSignal): Started {
  const { host, user, count } = place
  const { line, bytes } = frame(script, user === 'root')
  const output = sessionOutput(deliver)
  let stdin = new PassThrough()
  count.executions += 1
  count.bytesSent += bytes.length
  const ended = place.exchange({
    line,
    stdin() {
      stdin = new PassThrough()
      stdin.write(bytes)
      return stdin
    },
    onStdout(chunk) {
      count.bytesReceived += chunk.length
      output.stdout(chunk)
    },
    onStderr: (chunk) => output.stderr(chunk),
    signal,
  })
  const early = ended.then((code) => {
    throw code === undefined ? connectionLost(host) : notStarted(host, user, code, output.head(), output.lastStderr())
  })
  return {
    begun: Promise.race([output.begun, early]),
    ended,
    write(text) {
      count.bytesSent += Buffer.byteLength(text)
      if (stdin.writable) stdin.write(text)
    },
    end: () => void stdin.end(),
  }
}
