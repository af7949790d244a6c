import type { ServerHostKeyAlgorithm } from 'ssh2'
import { fingerprint, keyType, knownHostName, knownKeys, readKnownHosts } from './known-hosts.ts'
import type { SshTarget } from './target.ts'
import { TransportError } from './transport.ts'

/** What a host's key is held against. */
export interface HostKeyCheck {
  /** In the order of preference: the types of the keys that are known come first, so that a host shows one of those. */
  readonly algorithms: ServerHostKeyAlgorithm[]
  /** The reason not to go on with this key, or undefined. */
  verify(key: Buffer): TransportError | undefined
}

const rsa: readonly ServerHostKeyAlgorithm[] = ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa']
const allAlgorithms: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  ...rsa,
]

/** All algorithms, those of the given key types first. */
export function preferredAlgorithms(keys: readonly Buffer[]): ServerHostKeyAlgorithm[] {
  const types = new Set(keys.map((key) => keyType(key)))
  const isKnown = (algorithm: ServerHostKeyAlgorithm): boolean =>
    types.has(rsa.includes(algorithm) ? 'ssh-rsa' : algorithm)
  return [...allAlgorithms.filter(isKnown), ...allAlgorithms.filter((algorithm) => !isKnown(algorithm))]
}

/** Reads what is known of a target: the key pinned in the inventory, or else its known_hosts files. */
export async function hostKeyCheck(target: SshTarget): Promise<HostKeyCheck> {
  if (target.hostKey !== undefined) return pinnedCheck(target, target.hostKey)
  const entries = await readKnownHosts(target.knownHostsFiles).catch((error: unknown) => {
    throw unreadable(target, error)
  })
  const { accepted, revoked } = knownKeys(entries, target.address, target.port)
  return {
    algorithms: preferredAlgorithms(accepted),
    verify(key) {
      if (revoked.some((known) => known.equals(key))) return revokedKey(target, key)
      if (accepted.some((known) => known.equals(key))) return undefined
      return accepted.length === 0 ? unknownKey(target, key) : changedKey(target, key, accepted.map(fingerprint))
    },
  }
}

function pinnedCheck(target: SshTarget, pin: string): HostKeyCheck {
  const [type = '', encoded] = pin.trim().split(/\s+/)
  const key = encoded === undefined ? undefined : Buffer.from(encoded, 'base64')
  const expected = key === undefined ? type.replace(/=+$/, '') : fingerprint(key)
  return {
    algorithms: preferredAlgorithms(key === undefined ? [] : [key]),
    verify: (shown) => (fingerprint(shown) === expected ? undefined : changedKey(target, shown, [expected])),
  }
}

function unknownKey(target: SshTarget, key: Buffer): TransportError {
  return new TransportError(
    target.host,
    'host-key-unknown',
    `the host key of ${place(target)} is not known: it shows ${described(key)}`,
    'Compare the fingerprint with the one on the host (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then run `kubewright trust`.',
  )
}

function changedKey(target: SshTarget, key: Buffer, expected: readonly string[]): TransportError {
  const remedy =
    target.hostKey === undefined
      ? `remove the old key (ssh-keygen -R '${knownHostName(target.address, target.port)}') and run \`kubewright trust\``
      : 'correct hostKey in the inventory (a fingerprint there is that of the type of key which the host shows)'
  return new TransportError(
    target.host,
    'host-key-changed',
    `the host key of ${place(target)} has changed: expected ${expected.join(' or ')}, it shows ${described(key)}`,
    `Someone may be listening in, or the host was installed anew: if you know why the key is another one, ${remedy}.`,
  )
}

function revokedKey(target: SshTarget, key: Buffer): TransportError {
  return new TransportError(
    target.host,
    'host-key-changed',
    `the host key of ${place(target)} is revoked in known_hosts: ${described(key)}`,
    'Give the host a new host key.',
  )
}

function unreadable(target: SshTarget, cause: unknown): TransportError {
  return new TransportError(
    target.host,
    'host-key-unknown',
    `the host key of ${place(target)} can not be looked up in ${target.knownHostsFiles.join(', ')}: ${(cause as Error).message}`,
    'Make the file readable, or name another knownHostsFile in the inventory.',
    cause,
  )
}

function described(key: Buffer): string {
  return `${fingerprint(key)} (${keyType(key)})`
}

function place(target: SshTarget): string {
  return `${target.host} (${knownHostName(target.address, target.port)})`
}
