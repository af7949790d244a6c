import { randomBytes } from 'node:crypto'
import { readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { writing } from '../file-error.ts'

/** Changes the text of the inventory in its file, atomically and with its mode; resolves with whether it was another before. */
export async function editInventory(cwd: string, file: string, edit: (text: string) => string): Promise<boolean> {
  const target = await realpath(resolve(cwd, file)) // a link stays a link
  const before = await readFile(target, 'utf8')
  const after = edit(before)
  if (after === before) return false
  const { mode } = await stat(target)
  const temporary = `${target}.${randomBytes(6).toString('hex')}`
  const replace = async (): Promise<void> => {
    await writeFile(temporary, after, { mode: mode & 0o777, flush: true })
    await rename(temporary, target)
  }
  await writing(
    file,
    replace().catch(async (thrown: unknown) => {
      await rm(temporary, { force: true })
      throw thrown
    }),
  )
  return true
}
