import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheDirectory } from '../artifacts/paths.ts'
import { withLock } from '../lock.ts'

/** Does something to a lab, one run at a time. */
export async function withLab<T>(name: string, action: () => Promise<T>): Promise<T> {
  return inTurn(`lab-${name}`, action)
}

/** Does something that concerns all labs of this machine, one run at a time. */
export async function withMachine<T>(action: () => Promise<T>): Promise<T> {
  return inTurn('labs', action)
}

// Outside the checkout, because podman's names and the subnets are the machine's.
async function inTurn<T>(what: string, action: () => Promise<T>): Promise<T> {
  const directory = join(cacheDirectory, 'locks')
  await mkdir(directory, { recursive: true })
  return withLock(join(directory, what), action)
}
