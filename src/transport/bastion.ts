import type { Duplex } from 'node:stream'
import { abortable } from './abortable.ts'
import type { Connection } from './connection.ts'
import { destination, type SshTarget } from './target.ts'
import { TransportError } from './transport.ts'

/** A stream to a target through its bastion; `release` says that it is not needed any more. */
export interface Way {
  readonly sock: Duplex
  release(): void
}

interface Shared {
  readonly connection: Promise<Connection>
  users: number
}

type Open = (target: SshTarget) => Promise<Connection>

/** One connection for all hosts behind a bastion: sshd limits handshakes (MaxStartups), but not forwarded streams. */
const bastions = new Map<string, Shared>()

/** Opens a stream to a target through a bastion, whose connection is shared and lives as long as anyone uses it. */
export async function wayThrough(bastion: SshTarget, target: SshTarget, signal: AbortSignal, open: Open): Promise<Way> {
  const shared = join(bastion, open)
  const release = leaver(bastion, shared)
  try {
    const { ssh } = await abortable(shared.connection, signal)
    const sock = await abortable(ssh.forwardOut('127.0.0.1', 0, target.address, target.port), signal)
    sock.on('error', () => undefined)
    return { sock, release }
  } catch (error) {
    release()
    if (signal.aborted) throw error
    throw error instanceof TransportError ? behind(bastion, target, error) : refused(bastion, target, error)
  }
}

function join(bastion: SshTarget, open: Open): Shared {
  const key = destination(bastion)
  const present = bastions.get(key)
  if (present !== undefined) {
    present.users += 1
    return present
  }
  // without the signal of the host that came first: others wait for the same connection
  const shared = { connection: open(bastion), users: 1 }
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
    forget(destination(bastion), shared)
    shared.connection.then(async (connection) => connection.close()).catch(() => undefined)
  }
}

function forget(key: string, shared: Shared): void {
  if (bastions.get(key) === shared) bastions.delete(key)
}

function behind(bastion: SshTarget, target: SshTarget, error: TransportError): TransportError {
  const message = `${target.host} is behind the bastion ${destination(bastion)}: ${error.message}`
  return new TransportError(target.host, error.failure, message, error.hint, error)
}

function refused(bastion: SshTarget, target: SshTarget, error: unknown): TransportError {
  return new TransportError(
    target.host,
    'unreachable',
    `the bastion ${destination(bastion)} opens no way to ${target.address}:${target.port}: ${(error as Error).message}`,
    'See that the host is up and reachable from the bastion, and that its sshd allows TCP forwarding.',
    error,
  )
}
