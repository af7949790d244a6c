import { createHash } from 'node:crypto'
import type { ReferencedFiles } from './references.ts'

/**
 * Hex sha256 of an inventory with the content of the files that it names. The names count as they are written, so that the
 * same files give the same digest in every directory and on every machine; keys and passwords are not part of it.
 */
export function inventoryDigest(inventory: string, files: ReferencedFiles): string {
  const lines = [...files]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, content]) => `${sha256(content)} ${JSON.stringify(name)}`)
  return sha256([sha256(inventory), ...lines].join('\n'))
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
