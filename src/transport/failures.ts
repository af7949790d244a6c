import { isTimeout } from './abortable.ts'
import { wasNotOpened } from './exchange.ts'
import { TransportError } from './transport.ts'

/** The end of a command is not known: it may go on, it may have ended, it may never have begun. */
export function connectionLost(host: string, cause?: unknown): TransportError {
  return new TransportError(
    host,
    'connection-lost',
    `the connection to ${host} was lost`,
    'See that the host is up, then run it again: it continues from the state that it finds.',
    cause,
  )
}

/** The transport was closed by its owner. */
export function closed(host: string): TransportError {
  return new TransportError(host, 'aborted', `the transport to ${host} is closed`, 'Run it again.')
}

/** Says as a {@link TransportError} why a command was not run to its end; an error of the caller's own payload stays what it is. */
export function explained(
  host: string,
  error: unknown,
  given: { limit: number; signal?: AbortSignal | undefined },
): unknown {
  if (error instanceof TransportError) return error
  if (given.signal?.aborted === true)
    return new TransportError(host, 'aborted', `a command on ${host} was given up`, 'Run it again.', error)
  if (isTimeout(error)) return timedOut(host, given.limit, error)
  return wasNotOpened(error) ? noSession(host, error) : error
}

function timedOut(host: string, limit: number, cause: unknown): TransportError {
  return new TransportError(
    host,
    'timeout',
    `a command on ${host} took longer than ${limit / 1000} s; it may still be running`,
    'See what the host is busy with, then run it again.',
    cause,
  )
}

function noSession(host: string, cause: unknown): TransportError {
  return new TransportError(
    host,
    'unreachable',
    `sshd on ${host} opens no session: ${(cause as Error).message}`,
    'Raise MaxSessions in its sshd_config to at least 4; the default is 10.',
    cause,
  )
}
