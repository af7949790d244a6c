import type { AuthHandlerMiddleware } from 'ssh2'
import { unlock } from './identity.ts'
import { collectOffers, fileOffer, type Offer } from './offers.ts'
import { destination, type SshTarget } from './target.ts'
import { TransportError } from './transport.ts'

/** The keys for one target over as many connections as it takes, and a record of what was offered and refused. */
export interface Authentication {
  /** For one connection: offers each key that has not been refused yet. */
  handler(): AuthHandlerMiddleware
  /**
   * Whether another connection has something to offer: keys that were not reached before the host ended the attempts
   * (MaxAuthTries), or else encrypted keys, which are unlocked now. That may ask a human.
   */
  hasMore(): Promise<boolean>
  /** Why nobody was let in. */
  failure(cause: unknown): TransportError
}

/** Collects the keys for a target, before the first packet is sent to it. */
export async function authentication(target: SshTarget): Promise<Authentication> {
  const { ready, locked, notes } = await collectOffers(target)
  const encrypted = [...locked]
  const round = offering([...ready])
  const outcome: Outcome = { refused: round.refused, notes: [...notes], accepted: [] }
  return {
    handler() {
      round.begin()
      return (left, partial, next) => {
        if (Array.isArray(left)) outcome.accepted = left
        if (partial) outcome.notes.push('a key was accepted, but the host asks for more than a key')
        // false ends the authentication, which ssh2's types leave out
        next(round.next()?.method ?? (false as never))
      }
    },
    async hasMore() {
      round.settle()
      if (round.left() > 0) return round.made() > 0
      for (const identity of encrypted.splice(0)) {
        const key = await unlock(identity, target.passphrase)
        if (typeof key === 'string') outcome.notes.push(`${identity.file} ${key}`)
        else round.add(fileOffer(target, identity.file, key))
      }
      return round.left() > 0
    },
    failure: (cause) => refusal(target, outcome, cause),
  }
}

/** Makes one offer after the other. An offer that a dropped connection left unanswered is made again in the next one. */
function offering(offers: Offer[]) {
  const refused: string[] = []
  let open: Offer | undefined
  let made = 0

  /** The host has refused what was offered last. */
  function settle(): void {
    if (open === undefined) return
    offers.shift()
    refused.push(open.name)
    open = undefined
  }

  return {
    refused,
    settle,
    left: () => offers.length,
    made: () => made,
    add: (offer: Offer) => void offers.push(offer),
    begin() {
      open = undefined
      made = 0
    },
    next(): Offer | undefined {
      settle()
      open = offers[0]
      made += 1
      return open
    },
  }
}

interface Outcome {
  readonly refused: readonly string[]
  readonly notes: string[]
  accepted: readonly string[]
}

function refusal(target: SshTarget, { refused, notes, accepted }: Outcome, cause: unknown): TransportError {
  const offered = refused.length === 0 ? 'there was no key to offer' : `offered ${refused.join(', ')}`
  const methods = accepted.length === 0 ? [] : [`the host accepts ${accepted.join(', ')}`]
  return new TransportError(
    target.host,
    'authentication',
    `${destination(target)} refused the login: ${[offered, ...notes, ...methods].join('; ')}`,
    'Load the right key into the agent (ssh-add) or name its identityFile and the right user in the inventory, and see that its public key is in authorized_keys on the host.',
    cause,
  )
}
