/** Settles as the promise does, or rejects with the signal's reason as soon as that is aborted; the promise goes on unobserved. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    const settled = (): void => signal.removeEventListener('abort', abort)
    promise.then(resolve, reject).finally(settled).catch(settled)
  })
}

/** A limit in time; `clear` it when what it limits has ended. */
export interface Deadline {
  readonly signal: AbortSignal
  clear(): void
}

/**
 * Makes a signal that is aborted after a time, or with an outer signal. Not `AbortSignal.any` with `AbortSignal.timeout`: Node 20
 * may collect such a signal as garbage, and it never comes.
 */
export function deadline(milliseconds: number, outer?: AbortSignal): Deadline {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(new DOMException('too late', 'TimeoutError')), milliseconds)
  const follow = (): void => controller.abort(outer?.reason)
  if (outer?.aborted === true) follow()
  outer?.addEventListener('abort', follow, { once: true })
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer)
      outer?.removeEventListener('abort', follow)
    },
  }
}

/** Whether a signal was aborted by a {@link deadline} that passed. */
export function isTimeout(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === 'TimeoutError'
}
