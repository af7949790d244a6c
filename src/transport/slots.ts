/** Gives back a slot; calling it again does nothing. */
export type Release = () => void

/** A number of slots that are handed out in the order in which they were asked for. */
export interface Slots {
  /** Resolves when a slot is free; rejects with the signal's reason. */
  take(signal?: AbortSignal): Promise<Release>
}

/** Makes `limit` slots: at most that many things happen at a time. */
export function slots(limit: number): Slots {
  let free = limit
  const waiting: (() => void)[] = []

  function release(): Release {
    let held = true
    return () => {
      if (!held) return
      held = false
      const next = waiting.shift()
      if (next === undefined) free += 1
      else next()
    }
  }

  return {
    async take(signal) {
      signal?.throwIfAborted()
      if (free > 0) {
        free -= 1
        return release()
      }
      return new Promise<Release>((resolve, reject) => {
        const abandon = (): void => {
          waiting.splice(waiting.indexOf(proceed), 1)
          reject(signal?.reason as Error)
        }
        const proceed = (): void => {
          signal?.removeEventListener('abort', abandon)
          resolve(release())
        }
        waiting.push(proceed)
        signal?.addEventListener('abort', abandon, { once: true })
      })
    },
  }
}
