import { KubewrightErrors, errorsIn } from '../engine/errors.ts'
import type { Deliver } from '../engine/resource.ts'
import type { Proxy } from '../inventory/cluster.ts'
import { fetchFile } from './cache.ts'

const atOnce = 3

/**
 * Downloads to this machine what it is about to send and does not have yet, before anything is changed on a host; rejects with
 * the errors of all files.
 */
export async function fetchFiles(deliveries: readonly Deliver[], proxy: Proxy | undefined): Promise<void> {
  const wanted = new Map(
    deliveries.flatMap(({ name, sha256, from }) =>
      'file' in from && from.origin !== undefined
        ? [[sha256, { name, sha256, url: from.origin.reveal() }] as const]
        : [],
    ),
  )
  const queue = [...wanted.values()]
  const errors: unknown[] = []
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      await fetchFile(next, proxy).catch((thrown: unknown) => errors.push(thrown))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  if (errors.length > 0) throw new KubewrightErrors(errors.flatMap(errorsIn))
}
