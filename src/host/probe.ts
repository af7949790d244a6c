import { randomBytes } from 'node:crypto'
import type { Probe } from '../engine/resource.ts'
import { lines, sh, type Command } from '../transport/command.ts'
import { scriptFile } from './script.ts'

/** Many probes in one script. A probe that several resources share runs once. */
export interface ProbeBatch {
  readonly script: Command
  /** The output of each script that was asked for, by its text. */
  parse(stdout: Buffer): ReadonlyMap<string, string>
}

/** Shell functions that probes use; read-only. */
export const probePrelude = scriptFile('host/probe.sh')

/** Puts probes into one script whose parts are told apart by a marker that no file can contain. */
export function probeBatch(probes: readonly Probe<unknown>[]): ProbeBatch {
  const marker = `=kw-${randomBytes(12).toString('hex')}=`
  const texts = [...new Set(probes.map((probe) => probe.script.text))].filter((text) => text !== '')
  const parts = texts.map((text): Command => {
    const script: Command = { kind: 'command', text }
    return sh`printf '%s\n' ${marker}
(
${script}
) 2>/dev/null </dev/null`
  })
  return {
    script: lines(probePrelude, ...parts),
    parse(stdout) {
      const [, ...outputs] = stdout.toString('utf8').split(`${marker}\n`)
      if (outputs.length !== texts.length) {
        throw new Error(`${texts.length} probes gave ${outputs.length} answers`)
      }
      return new Map([['', ''], ...texts.map((text, index): [string, string] => [text, outputs[index] ?? ''])])
    },
  }
}
