import { readFile, rm, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { progress } from './shell.ts'

/** Does something while no other run of the lab does; a lock whose owner is dead does not count. */
export async function withLock<T>(file: string, action: () => Promise<T>): Promise<T> {
  await acquire(file)
  try {
    return await action()
  } finally {
    await rm(file, { force: true })
  }
}

async function acquire(file: string): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await writeFile(file, `${process.pid}\n`, { flag: 'wx' })
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const owner = Number(await readFile(file, 'utf8').catch(() => '0'))
    if (!isAlive(owner)) await rm(file, { force: true })
    else {
      if (attempt === 0) progress(`Waiting for process ${owner}, which holds ${file} ...`)
      await sleep(200)
    }
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
