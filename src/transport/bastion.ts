import type { Duplex } from 'node:stream'
import { abortable } from './abortable.ts'
import type { Connection } from './connection.ts'
import { destination, type SshTarget } from './target.ts'
import { TransportError } from './transport.ts'

/** The way to a target through its bastion; `release` says that it is not needed any more. */
export interface Way {
  /** Opens a stream to the target. */
  open(signal: AbortSignal): Promise<Duplex>
  release(): void
}

interface Shared {
  readonly connection: Promise<Connection>
  users: number
}

type Connect = (target: SshTarget) => Promise<Connection>

/** One connection for all hosts behind a bastion: sshd limits handshakes (MaxStartups), but not forwarded streams. */
const bastions = new Map<string, Shared>()

/** Connects to a bastion, or joins those who have: the connection lives as long as anyone uses it. */
export async function wayThrough(
  bastion: SshTarget,
  target: SshTarget,
  signal: AbortSignal | undefined,
  connect: Connect,
): Promise<Way> {
  const shared = join(bastion, connect)
  const release = leaver(bastion, shared)
  try {
    const { ssh } = await (signal === undefined ? shared.connection : abortable(shared.connection, signal))
    return {
      release,
      async open(limit) {
        const stream = ssh.forwardOut('127.0.0.1', 0, target.address, target.port)
        const sock = await abortable(stream, limit).catch((error: unknown) => {
          throw limit.aborted ? error : noWay(bastion, target, error)
        })
        sock.on('error', () => undefined)
        return sock
      },
    }
  } catch (error) {
    release()
    throw error instanceof TransportError ? behind(bastion, target, error) : error
  }
}

function join(bastion: SshTarget, connect: Connect): Shared {
  const key = chain(bastion)
  const present = bastions.get(key)
  if (present !== undefined) {
    present.users += 1
    return present
  }
  // without the signal of the host that came first: others wait for the same connection
  const shared = { connection: connect(bastion), users: 1 }
  bastions.set(key, shared)
  const gone = (): void => forget(key, shared)
  shared.connection.then(async (connection) => connection.closed).then(gone, gone)
  return shared
}

function leaver(bastion: SshTarget, shared: Shared): () => void {
  let left = false
  return () => {
    if (left) return
    left = true
    shared.users -= 1
    if (shared.users > 0) return
    forget(chain(bastion), shared)
    shared.connection.then(async (connection) => connection.close()).catch(() => undefined)
  }
}

function forget(key: string, shared: Shared): void {
  if (bastions.get(key) === shared) bastions.delete(key)
}

/** The same address behind another bastion can be another machine. */
function chain(bastion: SshTarget): string {
  return [destination(bastion), ...(bastion.bastion === undefined ? [] : [chain(bastion.bastion)])].join(' via ')
}

function behind(bastion: SshTarget, target: SshTarget, error: TransportError): TransportError {
  const message = `${target.host} is behind the bastion ${destination(bastion)}: ${error.message}`
  return new TransportError(target.host, error.failure, message, error.hint, error)
}

function noWay(bastion: SshTarget, target: SshTarget, error: unknown): TransportError {
  return new TransportError(
    target.host,
    'unreachable',
    `the bastion ${destination(bastion)} opens no way to ${target.address}:${target.port}: ${(error as Error).message}`,
    'See that the host is up and reachable from the bastion, and that its sshd allows TCP forwarding.',
    error,
  )
}
