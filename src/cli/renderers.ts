import type { Plan } from '../engine/plan.ts'
import { ndjsonRenderer } from './render/ndjson.ts'
import { plainRenderer } from './render/plain.ts'
import { rowsOf } from './render/progress.ts'
import { readingRenderer } from './render/reading.ts'
import type { Renderer } from './render/renderer.ts'
import { fits, terminalRenderer } from './render/terminal.ts'
import type { Invocation } from './verb.ts'

const silent: Renderer = { event: () => undefined, close: async () => undefined }

/** What draws while hosts are read. `document`: stdout is for one JSON document, so that no event goes there. */
export function whileReading({ flags, io, screen }: Invocation, stdout: 'events' | 'document'): Renderer {
  if (flags.output === 'json') return stdout === 'events' ? ndjsonRenderer(screen.print, io.now) : silent
  const { verbose } = flags
  if (!verbose && io.stderr.isTTY === true) return readingRenderer(io.stderr, flags.inventory, screen.sayStyle)
  return plainRenderer({ now: io.now, print: screen.say, style: screen.sayStyle, verbose })
}

/** What draws while a plan is carried out: a live view on a terminal that is high enough, else lines. */
export async function whileApplying({ flags, io, screen }: Invocation, plan: Plan): Promise<Renderer> {
  if (flags.output === 'json') return ndjsonRenderer(screen.print, io.now)
  const phases = rowsOf(plan)
  const live = io.stdout.isTTY === true && io.env['TERM'] !== 'dumb' && phases.length > 0
  if (live && fits(phases, io.stdout.rows)) {
    return terminalRenderer({ io, style: screen.style, phases, now: () => io.now().getTime() })
  }
  return plainRenderer({ now: io.now, print: screen.print, style: screen.style, verbose: flags.verbose })
}
