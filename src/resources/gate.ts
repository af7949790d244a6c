import type { Change, Gate, Resource } from '../engine/resource.ts'
import type { Command } from '../transport/command.ts'

/** A wait: polls the script until `missing` finds nothing missing in its output; the limit is in seconds. */
export function gate(
  id: string,
  wanted: {
    readonly title: string
    readonly script: Command
    readonly missing: (output: string) => string | undefined
    readonly gate: Gate
  },
): Resource<string> {
  return {
    id: `gate:${id}`,
    probe: { script: wanted.script, parse: (output) => output },
    compare(output): Change | undefined {
      const reason = wanted.missing(output)
      return reason === undefined
        ? undefined
        : { verb: 'wait', summary: `${wanted.title}: ${reason}`, impact: 'none', actions: [] }
    },
    gate: wanted.gate,
  }
}
