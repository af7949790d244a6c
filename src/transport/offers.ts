import type { AnyAuthMethod, ParsedKey } from 'ssh2'
import { agentKeys, offering } from './agent.ts'
import { type EncryptedIdentity, type Identity, readIdentity } from './identity.ts'
import { fingerprint } from './known-hosts.ts'
import type { SshTarget } from './target.ts'

/** A key that can be offered to a host, and what an error calls it. */
export interface Offer {
  readonly name: string
  readonly method: AnyAuthMethod
}

/** What there is to log in with. */
export interface Offers {
  /** In order: the agent's keys that the target names, key files without a passphrase, the agent's other keys. */
  readonly ready: readonly Offer[]
  /** Kept apart, so that nobody is asked for a passphrase in vain. */
  readonly locked: readonly EncryptedIdentity[]
  /** What could not be used, and why. */
  readonly notes: readonly string[]
}

/** Collects the keys for a target; never fails, what is wrong is in the notes. */
export async function collectOffers(target: SshTarget): Promise<Offers> {
  const identities = await Promise.all(target.identityFiles.map((file) => readIdentity(file)))
  const agent = target.agent === undefined ? [] : await agentKeys(target.agent)
  const held = agent instanceof Error ? [] : agent
  const inAgent = ({ publicKey }: Identity): boolean => held.some((key) => publicKey?.equals(key.getPublicSSH()))
  const others = identities.filter((identity) => !inAgent(identity))
  const unusable = others.flatMap((each) => (each.kind === 'unusable' ? `${each.file} ${each.reason}` : []))
  return {
    ready: inOrder(target, identities, held),
    locked: others.filter((identity) => identity.kind === 'encrypted'),
    notes: agent instanceof Error ? [...unusable, `the agent at ${target.agent} does not answer`] : unusable,
  }
}

function inOrder(target: SshTarget, identities: readonly Identity[], held: readonly ParsedKey[]): Offer[] {
  const isNamed = (key: ParsedKey): boolean =>
    identities.some(({ publicKey }) => publicKey?.equals(key.getPublicSSH()) === true)
  const named = held.filter(isNamed)
  const others = target.identitiesOnly === true ? [] : held.filter((key) => !isNamed(key))
  const files = identities.filter((identity) => identity.kind === 'usable')
  const alone = files.filter(({ publicKey }) => !named.some((key) => key.getPublicSSH().equals(publicKey)))
  return [
    ...named.map((key) => agentOffer(target, key)),
    ...alone.map(({ file, key }) => fileOffer(target, file, key)),
    ...others.map((key) => agentOffer(target, key)),
  ]
}

function agentOffer(target: SshTarget, key: ParsedKey): Offer {
  return {
    name: `${key.comment || key.type} of the agent (${fingerprint(key.getPublicSSH())})`,
    method: { type: 'agent', username: target.user, agent: offering(target.agent ?? '', [key]) },
  }
}

/** The offer of a key that was read from a file. */
export function fileOffer(target: SshTarget, file: string, key: ParsedKey): Offer {
  return { name: file, method: { type: 'publickey', username: target.user, key } }
}
