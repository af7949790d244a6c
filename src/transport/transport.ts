import type { Command } from './command.ts'

/** What a finished command left: its exit code (never null) and both outputs as raw bytes. */
export interface ExecResult {
  readonly code: number
  readonly stdout: Buffer
  readonly stderr: Buffer
}

export interface ExecOptions {
  /** Sent after the script on the same stdin; the script reads it with `cat` or `head -c`. Never logged. */
  readonly payload?: Buffer | AsyncIterable<Buffer>
  /** Milliseconds until the command is given up as {@link TransportError} `timeout`; default 600 000. */
  readonly timeout?: number
  readonly signal?: AbortSignal
}

/** A command that goes on while others run (the lock): its input is written to, its output read line by line. */
export interface Session {
  write(bytes: string): void
  /** Resolves with the next line of stdout, or undefined when the session has ended. */
  line(): Promise<string | undefined>
  /** Resolves when the session has ended, for whatever reason. */
  readonly ended: Promise<void>
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
  /** Runs a script as root under `/bin/sh`; resolves whatever its exit code is, rejects with {@link TransportError} when that is not known. */
  exec(script: Command, options?: ExecOptions): Promise<ExecResult>
  open(script: Command): Promise<Session>
  readonly traffic: Traffic
  close(): Promise<void>
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
