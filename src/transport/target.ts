import type { Secret } from './command.ts'

/** Asks for the passphrase of a key file; undefined when nobody can be asked. */
export type AskPassphrase = (file: string) => Promise<Secret | undefined>

/** Where and as whom to connect: everything resolved, nothing left to look up. Made by `resolveTarget`. */
export interface SshTarget {
  /** The host's name in the inventory, for messages. */
  readonly host: string
  readonly address: string
  readonly port: number
  readonly user: string
  /** Private keys in the order in which they are offered. */
  readonly identityFiles: readonly string[]
  /** Offer no key of the agent that is not one of `identityFiles`. */
  readonly identitiesOnly?: boolean
  readonly passphrase?: AskPassphrase
  /** The agent's socket. */
  readonly agent: string | undefined
  readonly knownHostsFiles: readonly string[]
  /** The only key that is accepted, as `ssh-ed25519 AAAA...` or as `SHA256:...`; known_hosts is not read then. */
  readonly hostKey?: string
  readonly bastion?: SshTarget
  /** Milliseconds for one attempt, from the first packet to the end of the authentication. */
  readonly connectTimeout: number
}

/** `user@address:port`, as messages name a target. */
export function destination(target: SshTarget): string {
  const address = target.address.includes(':') ? `[${target.address}]` : target.address
  return `${target.user}@${address}${target.port === 22 ? '' : `:${target.port}`}`
}
