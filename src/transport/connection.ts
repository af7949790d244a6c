import { setTimeout as pause } from 'node:timers/promises'
import type { NodeSSH } from 'node-ssh'
import { deadline } from './abortable.ts'
import { type Authentication, authentication } from './authentication.ts'
import { wayThrough } from './bastion.ts'
import { handshake, wasDropped, wasRefused } from './handshake.ts'
import { type HostKeyCheck, hostKeyCheck } from './host-key.ts'
import { type Slots, slots } from './slots.ts'
import type { SshTarget } from './target.ts'
import { TransportError } from './transport.ts'
import { unreachable } from './unreachable.ts'

/** One SSH connection. */
export interface Connection {
  readonly ssh: NodeSSH
  /** sshd allows 10 sessions per connection (MaxSessions) and refuses some long before that. */
  readonly channels: Slots
  isLost(): boolean
  readonly closed: Promise<void>
  close(): Promise<void>
}

const maxChannels = 4
const maxDrops = 6

/** Connects to a target, through its bastion if it has one. Rejects with {@link TransportError} alone. */
export async function openConnection(
  target: SshTarget,
  signal?: AbortSignal,
  check?: HostKeyCheck,
): Promise<Connection> {
  const hostKey = check ?? (await hostKeyCheck(target))
  const keys = await authentication(target)
  for (let drops = 0; ;) {
    try {
      return await attempt(target, hostKey, keys, signal)
    } catch (error) {
      if (error instanceof TransportError) throw error
      if (signal?.aborted === true) throw unreachable(target, error, signal)
      if (wasRefused(error)) {
        if (!(await keys.hasMore())) throw keys.failure(error)
      } else {
        drops += 1
        if (!wasDropped(error) || drops === maxDrops) throw unreachable(target, error)
        // at random, so that hosts that were dropped together do not come back together
        await pause(100 * 2 ** drops * (0.5 + Math.random()))
      }
    }
  }
}

async function attempt(
  target: SshTarget,
  hostKey: HostKeyCheck,
  keys: Authentication,
  outer: AbortSignal | undefined,
): Promise<Connection> {
  const way = target.bastion && (await wayThrough(target.bastion, target, outer, openConnection))
  // counts from here: at the bastion somebody may have been asked for a passphrase
  const limit = deadline(target.connectTimeout, outer)
  try {
    const sock = await way?.open(limit.signal)
    const ssh = await handshake({ target, hostKey, authHandler: keys.handler(), sock, signal: limit.signal })
    return connection(ssh, () => way?.release())
  } catch (error) {
    way?.release()
    throw error
  } finally {
    limit.clear()
  }
}

function connection(ssh: NodeSSH, released: () => void): Connection {
  const client = ssh.connection
  let lost = client === null
  const closed = new Promise<void>((resolve) => {
    // each error of ssh2 ends the connection, but `close` comes after the commands have failed
    client?.once('error', () => (lost = true))
    client?.once('end', () => (lost = true))
    client?.once('close', () => {
      lost = true
      released()
      resolve()
    })
  })
  return {
    ssh,
    channels: slots(maxChannels),
    isLost: () => lost,
    closed,
    async close() {
      lost = true
      client?.end()
      await Promise.race([closed, pause(1000, undefined, { ref: false })])
      client?.destroy()
    },
  }
}
