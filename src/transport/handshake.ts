import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { NodeSSH } from 'node-ssh'
import type { AuthHandlerMiddleware, Client, ClientErrorExtensions } from 'ssh2'
import { gathering } from './gathering.ts'
import type { HostKeyCheck } from './host-key.ts'
import type { SshTarget } from './target.ts'

/** How an attempt ended that did not end in a connection. */
export type HandshakeError = Error & ClientErrorExtensions & { readonly code?: string | number }

interface Request {
  readonly target: SshTarget
  readonly hostKey: HostKeyCheck
  readonly authHandler: AuthHandlerMiddleware
  /** The connection through the bastion; without it a socket is opened. */
  readonly sock: Duplex | undefined
  readonly signal: AbortSignal
}

/** Makes one attempt at a connection. Rejects with the check's verdict on the host key, the signal's reason or ssh2's error. */
export async function handshake({ target, hostKey, authHandler, sock, signal }: Request): Promise<NodeSSH> {
  signal.throwIfAborted()
  const ssh = new NodeSSH()
  let verdict: Error | undefined
  const connecting = ssh.connect({
    sock: sock ?? gathering(connect(target.port, target.address)),
    username: target.user,
    authHandler,
    algorithms: { serverHostKey: hostKey.algorithms },
    hostVerifier(key: Buffer): boolean {
      verdict = hostKey.verify(key)
      return verdict === undefined
    },
    readyTimeout: 0, // the signal counts the time, so that the way through a bastion counts too
    keepaliveInterval: 15_000,
    keepaliveCountMax: 4,
  })
  const client = ssh.connection
  if (client === null) await connecting
  else
    await ready(client, connecting, signal).catch((error: unknown) => {
      client.destroy()
      throw verdict ?? error
    })
  return ssh
}

async function ready(client: Client, connecting: Promise<unknown>, signal: AbortSignal): Promise<void> {
  client.setMaxListeners(0)
  client.setNoDelay(true) // 44 ms less for every command and for the handshake
  return new Promise((resolve, reject) => {
    // an agent that fails is not the end, other keys follow; node-ssh gives up there, so its promise alone decides nothing
    const fail = (error: HandshakeError): void => (error.level === 'agent' ? undefined : reject(error))
    const abort = (): void => reject(signal.reason as Error)
    client.on('error', fail) // stays: an error without a listener would end the process
    client.once('ready', resolve)
    client.once('close', () => reject(new Error('the connection was closed during the handshake')))
    client.once('ready', () => signal.removeEventListener('abort', abort))
    client.once('close', () => signal.removeEventListener('abort', abort))
    signal.addEventListener('abort', abort, { once: true })
    connecting.catch(fail)
  })
}

/** Whether another attempt may go better: the server dropped the connection before it said anything (MaxStartups). */
export function wasDropped(error: unknown): boolean {
  const { message = '', code } = error as Partial<HandshakeError>
  return code === 'ECONNRESET' || code === 'EPIPE' || /lost before handshake|closed during the handshake/.test(message)
}

/** Whether the server let none of the keys in. */
export function wasRefused(error: unknown): boolean {
  const { message = '', level } = error as Partial<HandshakeError>
  return level === 'client-authentication' || /too many authentication failures/i.test(message)
}
