import type { Duplex } from 'node:stream'
import type { Command } from './command.ts'

/** What a finished command left: its exit code (never null) and both outputs as raw bytes. */
export interface ExecResult {
  readonly code: number
  readonly stdout: Buffer
  readonly stderr: Buffer
}

export interface ExecOptions {
  /**
   * Sent after the script on the same stdin; the script reads it with `cat`, or in parts with `dd iflag=fullblock`. Never
   * logged. To the script a lost connection looks like the payload's end, so it checks length or checksum before it uses it.
   */
  readonly payload?: Buffer | AsyncIterable<Buffer>
  /** Milliseconds until the command is given up as {@link TransportError} `timeout`; default 600 000. */
  readonly timeout?: number
  readonly signal?: AbortSignal
  /**
   * The script changes nothing: when the connection is or gets lost it is run once more on a new one, unless its payload
   * can not be sent twice. Only such a command makes a transport connect again.
   */
  readonly readOnly?: boolean
}

/** A command that goes on while others run (the lock): its input is written to, its output read line by line. */
export interface Session {
  write(bytes: string): void
  /** Resolves with the next line of stdout, or undefined when the session has ended. */
  line(): Promise<string | undefined>
  /** Resolves when the session has ended, for whatever reason. */
  readonly ended: Promise<void>
  /** Closes the command's stdin. */
  end(): void
}

/** What was counted since the connection was made. */
export interface Traffic {
  readonly executions: number
  readonly bytesSent: number
  readonly bytesReceived: number
}

/** Runs commands as root on one host. Opened by `connectSsh` or `connectLocal`; a host's failure never touches another's transport. */
export interface Transport {
  readonly host: string
  /**
   * Runs a script as root under `/bin/sh`, in `/`, with umask 022, LC_ALL=C and the sbin directories on PATH. Resolves
   * whatever its exit code is (128 + n when signal n killed it); rejects with {@link TransportError} when that is not known.
   */
  exec(script: Command, options?: ExecOptions): Promise<ExecResult>
  /** Starts a script as root whose stdin stays open; resolves when it runs. */
  open(script: Command): Promise<Session>
  /** Opens a TCP connection from the host to somewhere else; rejects with why that fails ({@link ForwardingRefused} if sshd forbids it). */
  connect(address: string, port: number): Promise<Duplex>
  readonly traffic: Traffic
  close(): Promise<void>
}

/** The host's sshd opens no connections for others (AllowTcpForwarding, PermitOpen). */
export class ForwardingRefused extends Error {
  override readonly name = 'ForwardingRefused'
}

export type TransportFailure =
  | 'unreachable'
  | 'host-key-unknown'
  | 'host-key-changed'
  | 'authentication'
  | 'no-sudo'
  | 'connection-lost'
  | 'timeout'
  | 'aborted'

/** A command could not be run, or its end is not known. `connection-lost` leaves the state of the host unknown. */
export class TransportError extends Error {
  override readonly name = 'TransportError'
  readonly host: string
  readonly failure: TransportFailure
  /** What the user does now, one sentence. */
  readonly hint: string

  constructor(host: string, failure: TransportFailure, message: string, hint: string, cause?: unknown) {
    super(message, { cause })
    this.host = host
    this.failure = failure
    this.hint = hint
  }
}
