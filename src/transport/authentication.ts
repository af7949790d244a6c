import type { AnyAuthMethod, AuthHandlerMiddleware, ParsedKey } from 'ssh2'
import { agentKeys, offering } from './agent.ts'
import { type EncryptedIdentity, type Identity, readIdentity, unlock } from './identity.ts'
import { fingerprint } from './known-hosts.ts'
import { destination, type SshTarget } from './target.ts'
import { TransportError } from './transport.ts'

/** The keys for one target, found before the first packet, and a record of what was offered and refused. */
export interface Authentication {
  /** For one connection: offers each key that has not been offered yet. */
  handler(): AuthHandlerMiddleware
  /** Unlocks the encrypted keys, which may ask a human; true when there is something new to offer. */
  unlockMore(): Promise<boolean>
  /** Why nobody was let in. */
  failure(cause: unknown): TransportError
}

interface Offer {
  readonly name: string
  readonly method: AnyAuthMethod
}

/**
 * Collects the keys for a target. The order: the agent's keys that the target names, key files that need no passphrase,
 * the agent's other keys. Encrypted files are kept for {@link Authentication.unlockMore}, so that nobody is asked in vain.
 */
export async function authentication(target: SshTarget): Promise<Authentication> {
  const identities = await Promise.all(target.identityFiles.map((file) => readIdentity(file)))
  const agent = target.agent === undefined ? undefined : await agentKeys(target.agent)
  const held = agent === undefined || agent instanceof Error ? [] : agent
  const offers = firstOffers(target, identities, held)
  const encrypted = identities.filter((identity): identity is EncryptedIdentity => identity.kind === 'encrypted')
  const locked = encrypted.filter((identity) => !held.some((key) => identity.publicKey?.equals(key.getPublicSSH())))
  const notes = identities.flatMap((each) => (each.kind === 'unusable' ? `${each.file} ${each.reason}` : []))
  if (agent instanceof Error) notes.push(`the agent at ${target.agent} does not answer`)
  const refused: string[] = []
  let accepted: readonly string[] = []
  return {
    handler: () => (left, _partial, next) => {
      if (Array.isArray(left)) accepted = left
      const offer = offers.shift()
      if (offer !== undefined) refused.push(offer.name)
      // false ends the authentication, which ssh2's types leave out
      next(offer?.method ?? (false as never))
    },
    async unlockMore() {
      for (const identity of locked.splice(0)) {
        const key = await unlock(identity, target.passphrase)
        if (typeof key === 'string') notes.push(`${identity.file} ${key}`)
        else offers.push(fileOffer(target, identity.file, key))
      }
      return offers.length > 0
    },
    failure: (cause) => refusal(target, { refused, notes, accepted }, cause),
  }
}

function firstOffers(target: SshTarget, identities: readonly Identity[], held: readonly ParsedKey[]): Offer[] {
  const isNamed = (key: ParsedKey): boolean =>
    identities.some((identity) => identity.publicKey?.equals(key.getPublicSSH()) === true)
  const named = held.filter(isNamed)
  const others = target.identitiesOnly === true ? [] : held.filter((key) => !isNamed(key))
  const files = identities.filter(
    (identity) => identity.kind === 'usable' && !named.some((key) => key.getPublicSSH().equals(identity.publicKey)),
  )
  return [
    ...named.map((key) => agentOffer(target, key)),
    ...files.flatMap((each) => (each.kind === 'usable' ? fileOffer(target, each.file, each.key) : [])),
    ...others.map((key) => agentOffer(target, key)),
  ]
}

function agentOffer(target: SshTarget, key: ParsedKey): Offer {
  return {
    name: `${key.comment || key.type} of the agent (${fingerprint(key.getPublicSSH())})`,
    method: { type: 'agent', username: target.user, agent: offering(target.agent ?? '', [key]) },
  }
}

function fileOffer(target: SshTarget, file: string, key: ParsedKey): Offer {
  return { name: file, method: { type: 'publickey', username: target.user, key } }
}

interface Record {
  readonly refused: readonly string[]
  readonly notes: readonly string[]
  readonly accepted: readonly string[]
}

function refusal(target: SshTarget, { refused, notes, accepted }: Record, cause: unknown): TransportError {
  const offered = refused.length === 0 ? 'there was no key to offer' : `offered ${refused.join(', ')}`
  const methods = accepted.length === 0 ? [] : [`the host accepts ${accepted.join(', ')}`]
  const tooMany = /too many authentication failures/i.test(String((cause as Error | undefined)?.message))
  const details = [offered, ...notes, ...methods, ...(tooMany ? ['it ended the attempts (MaxAuthTries)'] : [])]
  return new TransportError(
    target.host,
    'authentication',
    `${destination(target)} refused the login: ${details.join('; ')}`,
    tooMany
      ? 'Name the right identityFile for the host and set `IdentitiesOnly yes` in ~/.ssh/config, or remove keys from the agent.'
      : 'Load the right key into the agent (ssh-add) or name its identityFile and the right user in the inventory, and see that its public key is in authorized_keys on the host.',
    cause,
  )
}
