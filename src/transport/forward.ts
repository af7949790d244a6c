import type { Duplex } from 'node:stream'
import type { Connection } from './connection.ts'
import { ForwardingRefused } from './transport.ts'

/** SSH's number for "administratively prohibited" (RFC 4254). */
const prohibited = 1

/** Opens a TCP connection from the other end of an SSH connection. */
export async function forward({ ssh }: Pick<Connection, 'ssh'>, address: string, port: number): Promise<Duplex> {
  const stream = await ssh.forwardOut('127.0.0.1', 0, address, port).catch((error: unknown) => {
    if (!(error instanceof Error)) throw error
    const said = error.message.replace(/^.*?Channel open failure: /, '')
    if ('reason' in error && error.reason === prohibited) throw new ForwardingRefused(said, { cause: error })
    throw new Error(said === '' ? 'no connection' : said.toLowerCase(), { cause: error })
  })
  // Whoever uses it hears of its end; an error without a listener would end the program.
  stream.on('error', () => undefined)
  return stream
}
