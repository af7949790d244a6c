import { KubewrightError } from '../engine/errors.ts'
import { fingerprint, keyType, knownHostName } from '../transport/known-hosts.ts'
import type { Hop } from './host-keys.ts'

/** Why a machine's key is not trusted: it differs from the known ones, or (none given) it is revoked. */
export function changedKeyError({ name, target }: Hop, key: Buffer, known: readonly string[]): KubewrightError {
  const place = knownHostName(target.address, target.port)
  const shown = `${fingerprint(key)} (${keyType(key)})`
  const revoked = known.length === 0
  return new KubewrightError({
    code: 'KW2003',
    exit: 'connection',
    host: name,
    message: revoked
      ? `the host key of ${name} (${place}) is revoked in known_hosts: ${shown}`
      : `the host key of ${name} (${place}) has changed: known is ${known.join(' or ')}, it shows ${shown}`,
    hint: revoked
      ? 'Give the host a new host key.'
      : `Someone may be listening in, or the host was installed anew. If you know why, remove the old key (ssh-keygen -R '${place}' -f ${target.knownHostsFiles[0] ?? '~/.ssh/known_hosts'}) and run \`kubewright trust\` again.`,
  })
}
