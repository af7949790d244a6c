import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** The record of one run on the control machine. It holds events and defects, never secrets. */
export interface RunLog {
  /** Undefined when it could not be written. */
  readonly path: string | undefined
  write(record: object): void
  close(): void
}

const kept = 20

/** Nothing is recorded. */
export const noLog: RunLog = { path: undefined, write: () => undefined, close: () => undefined }

/**
 * Opens `.kubewright/logs/<time>-<verb>.ndjson` in a directory and removes all logs but the last 20. A log that cannot be written
 * is a warning: a full disk of the control machine is no reason to leave a cluster half done.
 */
export function openRunLog(directory: string, verb: string, now: Date, warn: (message: string) => void): RunLog {
  const home = join(directory, '.kubewright')
  const logs = join(home, 'logs')
  const path = join(logs, `${now.toISOString().replaceAll(':', '-')}-${verb}.ndjson`)
  const file = attempt(warn, () => {
    mkdirSync(logs, { recursive: true, mode: 0o700 })
    ignoreInGit(home)
    const opened = openSync(path, 'a', 0o600)
    removeOld(logs)
    return opened
  })
  if (file === undefined) return noLog
  let broken = false
  return {
    path,
    write(record) {
      if (broken) return
      // Synchronous: what was written survives a crash of this process.
      broken = attempt(warn, () => writeSync(file, `${JSON.stringify(record)}\n`)) === undefined
    },
    close: () => closeSync(file),
  }
}

function attempt<Result>(warn: (message: string) => void, work: () => Result): Result | undefined {
  try {
    return work()
  } catch (error) {
    warn(`The run log cannot be written: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}

/** Inventories live in repositories, their logs should not. */
function ignoreInGit(home: string): void {
  try {
    writeFileSync(join(home, '.gitignore'), '*\n', { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

function removeOld(logs: string): void {
  const files = readdirSync(logs).filter((name) => name.endsWith('.ndjson'))
  for (const name of files.toSorted().slice(0, -kept)) rmSync(join(logs, name), { force: true })
}
