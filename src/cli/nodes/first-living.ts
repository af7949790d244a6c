import { setTimeout as pause } from 'node:timers/promises'
import type { KubewrightError } from '../../engine/errors.ts'
import type { Host } from '../../inventory/cluster.ts'
import { closeAll, type Connections } from '../connect.ts'

interface Asking {
  readonly abort: AbortSignal
  /** Milliseconds that connecting may take before the next host is asked, too. */
  readonly patience?: number
}

/** Asks one host; `connected` is called when it is reached, from where on its answer is waited for. */
type Ask = (host: Host, signal: AbortSignal, connected: () => void) => Promise<Connections>

/**
 * Asks hosts in their order until one lives, and resolves with its connection, or with the errors of all. Where a host cannot be
 * reached, which is certain to be its death only after the whole time for connecting, the next is asked beside it; whoever is
 * first has the others given up. Where the first lives nobody else is contacted.
 */
export async function firstLiving(
  hosts: readonly Host[],
  ask: Ask,
  { abort, patience = 2000 }: Asking,
): Promise<Connections> {
  const ending = new AbortController()
  const end = (): void => ending.abort()
  const ended = new Promise<void>((resolve) => ending.signal.addEventListener('abort', () => resolve()))
  abort.addEventListener('abort', end, { once: true })
  if (abort.aborted) end()
  let found: Connections | undefined
  const asked: Promise<readonly KubewrightError[]>[] = []
  const begin = async (host: Host, connected: () => void): Promise<readonly KubewrightError[]> => {
    const answer = await ask(host, ending.signal, connected)
    if (answer.transports.size === 0) return answer.errors
    if (found === undefined) {
      found = answer
      end()
    } else await closeAll(answer.transports)
    return []
  }
  for (const host of hosts) {
    if (found !== undefined) break
    let connected: (() => void) | undefined
    const connecting = new Promise<'reached'>((resolve) => (connected = () => resolve('reached')))
    const attempt = begin(host, () => connected?.())
    asked.push(attempt)
    const first = await Promise.race([attempt, ended, connecting, pause(patience, undefined, { ref: false })])
    if (first === 'reached') await Promise.race([attempt, ended])
  }
  const errors = Promise.all(asked)
  await Promise.race([errors, ended])
  abort.removeEventListener('abort', end)
  return found ?? { transports: new Map(), errors: (await errors).flat() }
}
