import { setTimeout as sleep } from 'node:timers/promises'
import { KubewrightError } from './errors.ts'
import type { Emit } from './events.ts'
import type { Change, Gate, Resource } from './resource.ts'
import type { Target } from './target.ts'

/**
 * Polls a gate until it compares empty, and carries out again what its change asks for. Resolves with false when the run is being
 * stopped; rejects with KW3001 and the diagnosis when the gate's limit has passed.
 */
export async function pollGate(
  target: Target,
  resource: Resource,
  first: Change,
  run: {
    readonly emit: Emit
    readonly stop: AbortSignal
    readonly host: string
    readonly act: (change: Change) => Promise<void>
  },
): Promise<boolean> {
  const { limit, interval, relent, hint: advice }: Gate = resource.gate ?? { limit: 0, interval: 1 }
  const began = Date.now()
  let change: Change | undefined = first
  while (true) {
    const states = await target.probe([resource])
    change = resource.compare(states.get(resource.id))
    if (change === undefined) return true
    if (run.stop.aborted) return false
    const seconds = Math.round((Date.now() - began) / 1000)
    if (seconds >= limit) break
    run.emit({ type: 'waiting', host: run.host, resource: resource.id, reason: change.summary, seconds })
    await sleep(interval * 1000)
    if (change.actions.length > 0) await run.act(change)
  }
  if (relent !== undefined) await run.act(relent)
  const { output, hint } = await target.diagnose(resource)
  throw new KubewrightError({
    code: 'KW3001',
    exit: 'apply',
    host: run.host,
    resource: resource.id,
    message: `Gave up after ${limit} s: ${change.summary}`,
    hint: advice ?? hint ?? 'The output below says why; mend it and run apply again, it continues from here.',
    output,
  })
}
