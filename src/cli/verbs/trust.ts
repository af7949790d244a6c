import { KubewrightError, KubewrightErrors } from '../../engine/errors.ts'
import { withHostReplaced } from '../../inventory/edit.ts'
import { loadInventory } from '../../inventory/load.ts'
import type { ScaffoldHost } from '../../inventory/scaffold.ts'
import { addKnownHost } from '../../transport/add-known-host.ts'
import { fingerprint, keyType, knownHostName } from '../../transport/known-hosts.ts'
import { confirmed } from '../confirmation.ts'
import type { Flags } from '../flags.ts'
import { hostArgument } from '../host-argument.ts'
import { hopsOf, scanKeys, type ShownKey } from '../host-keys.ts'
import { limitedHosts } from '../limit.ts'
import { counted, table } from '../render/text.ts'
import type { Invocation, Verb } from '../verb.ts'

/**
 * Shows the keys of hosts that are not known yet and, after a yes, adds them to known_hosts. A host that is to take the place of
 * another one is reached as that one is, and is the only one that is meant.
 */
export const trust: Verb = async (invocation) => {
  const { flags, services, interruption } = invocation
  const by = flags.with === undefined ? undefined : hostArgument(flags.with)
  const { cluster } = await loadInventory(flags.inventory, by === undefined ? {} : { edit: editFor(flags, by) })
  const hosts = limitedHosts(cluster, by === undefined ? [...flags.limit, ...flags.names] : [by.name])
  const { levels, errors } = await hopsOf(hosts, await services.surroundings())
  const failures = [...errors]
  const shown: ShownKey[] = []
  for (const hops of levels) {
    const { keys, errors } = await scanKeys(hops, async (target) => services.scanHostKey(target, interruption.abort))
    failures.push(...errors)
    shown.push(...keys)
    const agreed = await trustKeys(invocation, keys)
    if (!agreed) return 'refused'
  }
  report(invocation, shown)
  if (failures.length > 0) throw new KubewrightErrors(failures)
  return 'success'
}

/** The inventory as `node replace` with the same words would leave it. */
function editFor({ names }: Flags, by: ScaffoldHost): (text: string) => string {
  const [name, ...more] = names
  if (name !== undefined && more.length === 0) return (text) => withHostReplaced(text, name, by)
  throw new KubewrightError({
    code: 'KW5026',
    exit: 'usage',
    message: '--with names the host that takes the place of another one, and that is to be named, too',
    hint: `Write it as node replace has it: kubewright trust NAME --with ${by.name}=${by.address}`,
  })
}

async function trustKeys({ flags, screen }: Invocation, keys: readonly ShownKey[]): Promise<boolean> {
  const added = keys.filter(({ state }) => state === 'new')
  if (added.length === 0) return true
  if (flags.output === 'text') {
    screen.print(table(added.map((one) => [one.name, placeOf(one), typeOf(one), fingerprintOf(one)])))
  }
  if (!flags.yes) {
    if (!screen.interactive || flags.output === 'json') throw unanswered()
    screen.say('Compare them with those on the hosts: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub')
    if (!(await confirmed(screen, 'Trust these keys? (yes/no)'))) {
      screen.say('Nothing was added.')
      return false
    }
  }
  for (const { target, key } of added) {
    const [file] = target.knownHostsFiles
    if (file !== undefined && key !== undefined) await addKnownHost(file, target.address, target.port, key)
  }
  return true
}

function unanswered(): KubewrightError {
  return new KubewrightError({
    code: 'KW5001',
    exit: 'usage',
    message: 'trust asks before it adds a key, and nobody can answer here',
    hint: 'Nothing was added. If the fingerprints are right, say yes beforehand: kubewright trust --yes',
  })
}

function report({ flags, screen }: Invocation, shown: readonly ShownKey[]): void {
  if (flags.output === 'json') {
    const hosts = shown.map((one) => ({
      host: one.name,
      address: placeOf(one),
      state: one.state === 'new' ? 'added' : one.state,
      ...(one.key === undefined ? {} : { type: typeOf(one), fingerprint: fingerprintOf(one) }),
    }))
    screen.print(JSON.stringify({ formatVersion: 1, hosts }, undefined, 2))
    return
  }
  const added = shown.filter(({ state }) => state === 'new')
  const files = [...new Set(added.map(({ target }) => target.knownHostsFiles[0]))]
  if (added.length > 0) screen.print(`${counted(added.length, 'key')} added to ${files.join(', ')}.`)
  const rest = shown.length - added.length
  if (rest > 0) screen.print(`${counted(rest, 'key')} known already or pinned in the inventory.`)
}

function placeOf({ target }: ShownKey): string {
  return knownHostName(target.address, target.port)
}

function typeOf({ key }: ShownKey): string {
  return key === undefined ? '' : keyType(key)
}

function fingerprintOf({ key }: ShownKey): string {
  return key === undefined ? '' : fingerprint(key)
}
