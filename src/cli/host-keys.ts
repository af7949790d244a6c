import type { KubewrightError } from '../engine/errors.ts'
import type { Host } from '../inventory/cluster.ts'
import { fingerprint, keyType, knownHostName, knownKeys, readKnownHosts } from '../transport/known-hosts.ts'
import type { SshSurroundings } from '../transport/ssh-config.ts'
import type { SshTarget } from '../transport/target.ts'
import { connectionErrors, targetOf } from './connect.ts'
import { changedKeyError } from './changed-key.ts'

/** A machine whose key is asked for: a host of the inventory, or a bastion on the way to one. */
export interface Hop {
  readonly name: string
  readonly target: SshTarget
}

/** The key that a machine shows, held against what is known. */
export interface ShownKey extends Hop {
  readonly state: 'new' | 'known' | 'pinned'
  /** Undefined when it is pinned in the inventory and was not looked at. */
  readonly key: Buffer | undefined
}

/** What was found out, and why the rest was not. */
export interface ScannedKeys {
  readonly keys: readonly ShownKey[]
  readonly errors: readonly KubewrightError[]
}

/**
 * The machines of an inventory by their distance: those that are reached directly, then those behind one bastion, and so on,
 * because a bastion must be trusted before anything behind it can be seen. Each machine is there once.
 */
export async function hopsOf(
  hosts: readonly Host[],
  surroundings: SshSurroundings,
): Promise<{ readonly levels: readonly (readonly Hop[])[]; readonly errors: readonly KubewrightError[] }> {
  const errors: KubewrightError[] = []
  const levels: Map<string, Hop>[] = []
  const add = (name: string, target: SshTarget): number => {
    const { bastion } = target
    const level = bastion === undefined ? 0 : add(`bastion ${bastion.address}`, bastion) + 1
    const hops = levels[level] ?? new Map<string, Hop>()
    levels[level] = hops
    const place = knownHostName(target.address, target.port)
    if (!hops.has(place) || !name.startsWith('bastion ')) hops.set(place, { name, target })
    return level
  }
  for (const host of hosts.filter(({ connection }) => connection === 'ssh')) {
    try {
      add(host.name, await targetOf(host, surroundings))
    } catch (thrown) {
      errors.push(...connectionErrors(host.name, thrown))
    }
  }
  return { levels: levels.map((hops) => [...hops.values()]), errors }
}

/** Asks each machine for its key. A key that differs from the known one is an error that shows both. */
export async function scanKeys(
  hops: readonly Hop[],
  scan: (target: SshTarget) => Promise<Buffer>,
): Promise<ScannedKeys> {
  const outcomes = await Promise.all(
    hops.map(async (hop): Promise<ShownKey | readonly KubewrightError[]> => {
      try {
        return await scanKey(hop, scan)
      } catch (thrown) {
        return connectionErrors(hop.name, thrown)
      }
    }),
  )
  return {
    keys: outcomes.flatMap((outcome) => ('target' in outcome ? [outcome] : [])),
    errors: outcomes.flatMap((outcome) => ('target' in outcome ? [] : outcome)),
  }
}

async function scanKey(hop: Hop, scan: (target: SshTarget) => Promise<Buffer>): Promise<ShownKey> {
  const { target } = hop
  if (target.hostKey !== undefined) return { ...hop, state: 'pinned', key: undefined }
  const { accepted, revoked } = knownKeys(await readKnownHosts(target.knownHostsFiles), target.address, target.port)
  const key = await scan(target)
  const isShown = (known: Buffer): boolean => known.equals(key)
  if (revoked.some(isShown)) throw changedKeyError(hop, key, [])
  if (accepted.some(isShown)) return { ...hop, state: 'known', key }
  const sameType = accepted.filter((known) => keyType(known) === keyType(key))
  if (sameType.length > 0) throw changedKeyError(hop, key, sameType.map(fingerprint))
  // A key of another type is known: connecting asks for that one, so that this one is not needed.
  return { ...hop, state: accepted.length > 0 ? 'known' : 'new', key }
}
