import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { KubewrightError } from '../engine/errors.ts'
import type { Proxy } from '../inventory/cluster.ts'
import { download, downloadText, unavailable } from './download.ts'

/** Where this machine keeps what it has downloaded. Everything in it can be removed at any time. */
export function cacheDirectory(): string {
  const base = process.env['XDG_CACHE_HOME']
  return join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'kubewright', 'upstream')
}

/** The place of a file in the cache, whether it is there or not. */
export function cachedPath(sha256: string): string {
  return join(cacheDirectory(), 'files', sha256)
}

/** Downloads a file into the cache unless it is there and whole; what has another checksum is refused (KW4003). */
export async function fetchFile(
  { name, url, sha256 }: { readonly name: string; readonly url: string; readonly sha256: string },
  proxy: Proxy | undefined,
): Promise<string> {
  const path = cachedPath(sha256)
  if ((await hashOf(path)) === sha256) return path
  const part = await partOf(path)
  try {
    const found = await receive(url, part, proxy)
    if (found !== sha256) throw wrong(name, url, sha256, found)
    await rename(part, path)
  } finally {
    await rm(part, { force: true })
  }
  return path
}

/** A published text that never changes (checksums of a release), asked for once; undefined for what does not exist. */
export async function fetchText(url: string, proxy: Proxy | undefined): Promise<string | undefined> {
  const path = join(cacheDirectory(), 'texts', createHash('sha256').update(url).digest('hex'))
  const known = await readFile(path, 'utf8').catch(() => undefined)
  if (known !== undefined) return known
  const text = await downloadText(url, proxy)
  if (text === undefined) return undefined
  const part = await partOf(path)
  await writeFile(part, text)
  await rename(part, path)
  return text
}

/** A name of its own beside the final one, so that two runs at once do not write into one file. */
async function partOf(path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true })
  return `${path}.${randomBytes(4).toString('hex')}.part`
}

async function receive(url: string, path: string, proxy: Proxy | undefined): Promise<string> {
  const hash = createHash('sha256')
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      done(undefined, chunk)
    },
  })
  const response = await download(url, proxy)
  await pipeline(response, hashing, createWriteStream(path)).catch((thrown: unknown) => {
    throw unavailable(url, thrown instanceof Error ? thrown.message : String(thrown), thrown)
  })
  return hash.digest('hex')
}

function wrong(name: string, url: string, wanted: string, found: string): KubewrightError {
  return new KubewrightError({
    code: 'KW4003',
    exit: 'refused',
    message: `${name}: what ${new URL(url).host} gave has a wrong checksum: it should be ${wanted}, it is ${found}`,
    hint: 'Nothing was changed. Ask whoever runs the mirror or the proxy on the way; it gave another file than was published.',
  })
}

async function hashOf(path: string): Promise<string | undefined> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer)
  } catch {
    return undefined
  }
  return hash.digest('hex')
}
