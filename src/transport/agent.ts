import ssh2 from 'ssh2'
import type { IdentityCallback, ParsedKey } from 'ssh2'

/** An agent narrowed to some of its keys, in the order in which they shall be offered. */
class OfferedKeys extends ssh2.OpenSSHAgent {
  readonly #keys: readonly ParsedKey[]

  constructor(socket: string, keys: readonly ParsedKey[]) {
    super(socket)
    this.#keys = keys
  }

  override getIdentities(callback: IdentityCallback<ParsedKey>): void {
    callback(undefined, [...this.#keys])
  }
}

/** The agent behind a socket as one that offers only these of its keys. */
export function offering(socket: string, keys: readonly ParsedKey[]): ssh2.OpenSSHAgent {
  return new OfferedKeys(socket, keys)
}

/**
 * Lists the keys of the agent behind a socket (without FIDO keys, which ssh2 can not use); an Error when it does not
 * answer, which is common: a socket left behind by an ended session.
 */
export async function agentKeys(socket: string): Promise<readonly ParsedKey[] | Error> {
  return new Promise((resolve) => {
    new ssh2.OpenSSHAgent(socket).getIdentities((error, keys) => {
      resolve(error ?? (keys ?? []).filter((key): key is ParsedKey => 'getPublicSSH' in key))
    })
  })
}
