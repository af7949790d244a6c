import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { KubewrightError, KubewrightErrors } from '../engine/errors.ts'
import type { Deliver } from '../engine/resource.ts'
import { cacheDirectory } from './cache.ts'

/** Files that were read before, by path: with the same size, ctime and inode they are what they were. */
type Known = Readonly<Record<string, { readonly stat: string; readonly sha256: string }>>

export interface VerifyOptions {
  /** Reads every file again. */
  readonly deep?: boolean
  /** Where it is remembered what was read. */
  readonly memory?: string
}

/**
 * Reads the files of this machine that are about to be sent and refuses those that are not what the index says (KW4003), all of
 * them at once and before anything is changed on a host; there they are checked again as they arrive.
 */
export async function verifyFiles(deliveries: readonly Deliver[], options: VerifyOptions = {}): Promise<void> {
  const byFile = new Map(
    deliveries.flatMap((delivery) =>
      // What comes into the cache was checked as it came.
      'file' in delivery.from && delivery.from.origin === undefined ? [[delivery.from.file, delivery] as const] : [],
    ),
  )
  if (byFile.size === 0) return
  const memory = options.memory ?? join(cacheDirectory(), 'verified.json')
  const known = options.deep === true ? {} : await remembered(memory)
  const errors: KubewrightError[] = []
  const found: Record<string, Known[string]> = {}
  // One after the other: reading is fast, and a damaged disk is not made faster.
  for (const [file, { name, sha256 }] of byFile) {
    const about = await statOf(file)
    const before = known[file]
    const now = before !== undefined && before.stat === about ? before.sha256 : await hashOf(file)
    if (now !== sha256) errors.push(wrong(name, file, sha256, now))
    if (typeof now === 'string' && about !== undefined) found[file] = { stat: about, sha256: now }
  }
  await remember(memory, { ...known, ...found })
  if (errors.length > 0) throw new KubewrightErrors(errors)
}

async function statOf(file: string): Promise<string | undefined> {
  const about = await stat(file, { bigint: true }).catch(() => undefined)
  return about && `${about.size} ${about.ctimeNs} ${about.ino}`
}

async function remembered(memory: string): Promise<Known> {
  try {
    return JSON.parse(await readFile(memory, 'utf8')) as Known
  } catch {
    return {}
  }
}

/** Without it the files are read again the next time, so that it is no error when it cannot be written. */
async function remember(memory: string, known: Known): Promise<void> {
  const part = `${memory}.${randomBytes(4).toString('hex')}.part`
  try {
    await mkdir(dirname(memory), { recursive: true })
    await writeFile(part, JSON.stringify(known))
    await rename(part, memory)
  } catch {
    await rm(part, { force: true }).catch(() => undefined)
  }
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
