import { abortable } from './abortable.ts'
import { type Connection, openConnection } from './connection.ts'
import { exchangeOver } from './exchange.ts'
import { forward } from './forward.ts'
import { closed, connectionLost, explained } from './failures.ts'
import { type Place, run } from './run.ts'
import { openSession } from './session.ts'
import type { SshTarget } from './target.ts'
import { type ExecOptions, type Transport, TransportError } from './transport.ts'

/** Connects to a host over SSH; rejects with {@link TransportError}. The transport holds one connection until it is closed. */
export async function connectSsh(
  target: SshTarget,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Transport> {
  const count = { executions: 0, bytesSent: 0, bytesReceived: 0 }
  const link = await reconnecting(target, options.signal)
  const place = (connection: Connection): Place => ({
    host: target.host,
    user: target.user,
    channels: connection.channels,
    exchange: async (request) => exchangeOver(connection, request),
    count,
  })
  return {
    host: target.host,
    async exec(script, execOptions = {}) {
      const attempt = async () => run(place(await link.connection(execOptions)), script, execOptions)
      if (!isRepeatable(execOptions)) return attempt()
      return attempt().catch((error: unknown) => {
        if (error instanceof TransportError && error.failure === 'connection-lost') return attempt()
        throw error
      })
    },
    async open(script) {
      return openSession(place(await link.connection({})), script)
    },
    connect: async (address, port) => forward(await link.connection({ readOnly: true }), address, port),
    get traffic() {
      return { ...count }
    },
    close: async () => link.close(),
  }
}

function isRepeatable({ readOnly, payload }: ExecOptions): boolean {
  return readOnly === true && (payload === undefined || Buffer.isBuffer(payload))
}

interface Link {
  /** The connection, made anew when it is lost and the command is read-only. */
  connection(options: ExecOptions): Promise<Connection>
  close(): Promise<void>
}

async function reconnecting(target: SshTarget, signal: AbortSignal | undefined): Promise<Link> {
  let current = await openConnection(target, signal)
  let next: Promise<Connection> | undefined
  const closing = new AbortController()

  async function reconnect(): Promise<Connection> {
    current = await openConnection(target, closing.signal).finally(() => (next = undefined))
    if (closing.signal.aborted) await current.close()
    return current
  }

  return {
    async connection(options) {
      if (closing.signal.aborted) throw closed(target.host)
      if (!current.isLost()) return current
      if (options.readOnly !== true) throw connectionLost(target.host)
      next ??= reconnect()
      if (options.signal === undefined) return next
      return abortable(next, options.signal).catch((error: unknown) => {
        throw explained(target.host, error, { limit: 0, signal: options.signal })
      })
    },
    async close() {
      closing.abort()
      await current.close()
    },
  }
}
