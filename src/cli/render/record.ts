import type { KubewrightError } from '../../engine/errors.ts'
import type { EngineEvent } from '../../engine/events.ts'

/** An event as a JSON document of its own; no event holds a secret, and a `Secret` would print as `[redacted]`. */
export function eventRecord(event: EngineEvent, time: Date): object {
  const head = { formatVersion: 1, time: time.toISOString() }
  return event.type === 'error' ? { ...head, type: 'error', error: errorRecord(event.error) } : { ...head, ...event }
}

/** An error without what it was caused by: that is for the run log alone. */
export function errorRecord({ details }: KubewrightError): object {
  const { code, exit, message, hint, host, resource, output } = details
  return { code, exit, message, hint, host, resource, output }
}
