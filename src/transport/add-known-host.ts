import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { keyType, knownHostName, knownKeys, parseKnownHosts } from './known-hosts.ts'

/** One addition at a time, so that none is lost to another. */
let last: Promise<unknown> = Promise.resolve()

/**
 * Adds a host's key to a known_hosts file, atomically; the file has mode 0600 afterwards, all that it held is kept, and a
 * key that is there is not added again. Rejects when the file is not a regular one (`/dev/null`).
 */
export async function addKnownHost(file: string, address: string, port: number, key: Buffer): Promise<void> {
  const addition = last.then(async () => add(file, address, port, key))
  last = addition.catch(() => undefined)
  return addition
}

async function add(file: string, address: string, port: number, key: Buffer): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const target = await realpath(file).catch(() => file) // known_hosts may be a link into somebody's dotfiles
  const text = (await exists(target)) ? await readFile(target, 'utf8') : ''
  if (knownKeys(parseKnownHosts(text), address, port).accepted.some((known) => known.equals(key))) return
  const gap = text === '' || text.endsWith('\n') ? '' : '\n'
  await replace(target, `${text}${gap}${knownHostName(address, port)} ${keyType(key)} ${key.toString('base64')}\n`)
}

async function exists(file: string): Promise<boolean> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (found !== undefined && !found.isFile())
    throw new Error(`${file} is not a regular file, so no host key can be kept in it`)
  return found !== undefined
}

async function replace(file: string, text: string): Promise<void> {
  const temporary = join(dirname(file), `.known_hosts.${randomBytes(6).toString('hex')}`)
  const handle = await open(temporary, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
    await handle.close()
    await rename(temporary, file)
  } catch (error) {
    await handle.close().catch(() => undefined)
    await rm(temporary, { force: true })
    throw error
  }
}
