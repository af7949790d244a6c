import { copyFile, chmod, mkdir, open, readFile, realpath, rename, rm } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { dirname } from 'node:path'

/** The text of a file, undefined if there is none. */
export async function readIfThere(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
}

/**
 * Writes a file of mode 0600, atomically. What was there before, and was another text, is kept beside it; resolves with the
 * path of that copy.
 */
export async function replaceSecretFile(file: string, text: string, now: Date): Promise<string | undefined> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const target = await realpath(file).catch(() => file) // a link into somebody's dotfiles stays a link
  const before = await readIfThere(target)
  if (before === text) {
    await chmod(target, 0o600)
    return undefined
  }
  const backup = before === undefined ? undefined : `${target}.${now.toISOString().replaceAll(':', '-')}.bak`
  if (backup !== undefined) {
    await copyFile(target, backup)
    await chmod(backup, 0o600)
  }
  const temporary = `${target}.${randomBytes(6).toString('hex')}`
  const handle = await open(temporary, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
    await handle.close()
    await rename(temporary, target)
  } catch (error) {
    await handle.close().catch(() => undefined)
    await rm(temporary, { force: true })
    throw error
  }
  return backup
}
