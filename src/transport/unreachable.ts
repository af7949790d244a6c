import { isTimeout } from './abortable.ts'
import type { HandshakeError } from './handshake.ts'
import { destination, type SshTarget } from './target.ts'
import { TransportError } from './transport.ts'

/** Why there is no connection to a target: `unreachable`, or `aborted` when that was the caller's wish. */
export function unreachable(target: SshTarget, error: unknown, aborted?: AbortSignal): TransportError {
  const place = destination(target)
  if (aborted?.aborted === true)
    return new TransportError(target.host, 'aborted', `connecting to ${place} was given up`, 'Run it again.', error)
  const { code, message } = error as HandshakeError
  const reason = isTimeout(error) ? `no answer within ${target.connectTimeout / 1000} s` : message || String(code)
  return new TransportError(target.host, 'unreachable', `${place} can not be reached: ${reason}`, hintFor(error), error)
}

function hintFor(error: unknown): string {
  const { code } = error as HandshakeError
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'Correct the address in the inventory, or the name in DNS.'
  if (code === 'ECONNREFUSED') return 'Start sshd on the host, or correct the port in the inventory.'
  if (isTimeout(error) || code === 'EHOSTUNREACH' || code === 'ETIMEDOUT')
    return 'See that the host is up and that no firewall lies between, or name a bastion.'
  return 'Try `ssh -v` to the host; the reason may stand in its sshd log.'
}
