import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { KubewrightError, KubewrightErrors } from '../engine/errors.ts'
import type { Deliver } from '../engine/resource.ts'

/**
 * Reads the files of this machine that are about to be sent and refuses those that are not what the index says (KW4003), all of
 * them at once and before anything is changed on a host; there they are checked again as they arrive.
 */
export async function verifyFiles(deliveries: readonly Deliver[]): Promise<void> {
  const byFile = new Map(
    deliveries.flatMap((delivery) =>
      // What comes into the cache was checked as it came.
      'file' in delivery.from && delivery.from.origin === undefined ? [[delivery.from.file, delivery] as const] : [],
    ),
  )
  const errors: KubewrightError[] = []
  // One after the other: reading is fast, and a damaged disk is not made faster.
  for (const [file, { name, sha256 }] of byFile) {
    const found = await hashOf(file)
    if (found !== sha256) errors.push(wrong(name, file, sha256, found))
  }
  if (errors.length > 0) throw new KubewrightErrors(errors)
}

async function hashOf(file: string): Promise<string | Error> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer)
  } catch (thrown) {
    return thrown as Error
  }
  return hash.digest('hex')
}

function wrong(name: string, file: string, wanted: string, found: string | Error): KubewrightError {
  const message =
    typeof found === 'string'
      ? `${name}: ${file} has a wrong checksum: index.json says ${wanted}, it is ${found}`
      : `${name}: ${file} cannot be read: ${found.message}`
  return new KubewrightError({
    code: 'KW4003',
    exit: 'refused',
    message,
    hint: 'Get the bundle again; its index.json says what the file should be. Nothing was changed.',
    ...(typeof found === 'string' ? {} : { cause: found }),
  })
}
