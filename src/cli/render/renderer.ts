import type { EngineEvent } from '../../engine/events.ts'

/** Draws a run from its events; it never drives one. */
export interface Renderer {
  event(event: EngineEvent): void
  /** Ends the drawing, whatever state it is in; further events are not drawn. */
  close(): Promise<void>
}
