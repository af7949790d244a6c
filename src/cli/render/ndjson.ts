import type { Renderer } from './renderer.ts'
import { eventRecord } from './record.ts'

/** One JSON document a line and event, for programs: `{"formatVersion":1,"time":...,"type":...}`. */
export function ndjsonRenderer(print: (text: string) => void, now: () => Date): Renderer {
  return {
    event: (event) => print(JSON.stringify(eventRecord(event, now()))),
    close: async () => undefined,
  }
}
