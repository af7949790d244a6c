import { openConnection } from './connection.ts'
import { preferredAlgorithms } from './host-key.ts'
import type { SshTarget } from './target.ts'
import { TransportError } from './transport.ts'

/** The key that a host shows to somebody who knows none of its keys: connects only as far as that, and logs in nowhere but at the bastion. */
export async function scanHostKey(target: SshTarget, signal?: AbortSignal): Promise<Buffer> {
  let shown: Buffer | undefined
  const check = {
    algorithms: preferredAlgorithms([]),
    verify(key: Buffer) {
      shown = key
      return new TransportError(target.host, 'host-key-unknown', `the key of ${target.host} was only looked at`, '')
    },
  }
  await openConnection(target, signal, check).catch((error: unknown) => {
    if (shown === undefined) throw error
  })
  if (shown === undefined) throw new Error(`${target.host} was connected to without showing a key`)
  return shown
}
