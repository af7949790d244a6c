import { randomBytes } from 'node:crypto'
import type { Probe } from '../engine/resource.ts'
import { lines, sh, type Command } from '../transport/command.ts'
import { scriptFile } from './script.ts'

/** Many probes in one script. A probe that several resources share runs once. */
export interface ProbeBatch {
  readonly script: Command
  /** The script without the functions that it needs, for one that has them. */
  readonly body: Command
  /** What the script that `body` is a part of has printed before it. */
  before(stdout: Buffer): string
  /** The output of each script that was asked for, by its text. */
  parse(stdout: Buffer): ReadonlyMap<string, string>
}

/** Shell functions that probes use; read-only. */
export const probePrelude = scriptFile('host/probe.sh')

/** How many probes that ask the API may run at once: most of their time goes into starting a client and waiting for the answer. */
const lanes = 3

/** Puts probes into one script whose parts are told apart by a marker that no file can contain. */
export function probeBatch(probes: readonly Probe<unknown>[]): ProbeBatch {
  const marker = `=kw-${randomBytes(12).toString('hex')}=`
  const words = new Map<string, Set<string>>()
  for (const probe of probes) {
    const known = words.get(probe.script.text) ?? new Set()
    words.set(probe.script.text, new Set([...known, ...(probe.words ?? [])]))
  }
  const texts = [...words.keys()].filter((text) => text !== '')
  const parts = texts.map((text, index) => ({ text, script: part(`${marker}${index}`, text, words.get(text)) }))
  const asking = parts.filter(({ text }) => asksTheApi(text))
  const stages = [
    parts.filter(({ text }) => !asksTheApi(text)),
    ...Array.from({ length: lanes }, (_, lane) => asking.filter((_part, index) => index % lanes === lane)),
  ]
  const script = pipeline(stages.map((stage) => lines(...stage.map((each) => each.script))).filter(({ text }) => text))
  return {
    script: lines(probePrelude, script),
    body: script,
    before: (stdout) => stdout.toString('utf8').split(marker, 1)[0] ?? '',
    parse(stdout) {
      const [, ...answers] = stdout.toString('utf8').split(marker)
      if (answers.length !== texts.length) {
        throw new Error(`${texts.length} probes gave ${answers.length} answers`)
      }
      const outputs = answers.map((answer): [string, string] => {
        const end = answer.indexOf('\n')
        return [texts[Number(answer.slice(0, end))] ?? '', answer.slice(end + 1)]
      })
      return new Map([['', ''], ...outputs])
    },
  }
}

function part(marker: string, text: string, words: ReadonlySet<string> = new Set()): Command {
  const plain: Command = { kind: 'command', text }
  const script =
    words.size === 0
      ? plain
      : sh`set -- ${[...words]}
${plain}`
  const [begin, end] = isCall(text) ? [sh`{`, sh`}`] : [sh`(`, sh`)`]
  return sh`printf '%s\n' ${marker}
${begin}
${script}
${end} 2>/dev/null </dev/null`
}

/** All stages at once, without a file: each prints its own answers, then what the one before it has printed. */
function pipeline([first = sh``, ...others]: readonly Command[]): Command {
  return others.reduce(
    (before, stage) => sh`{
${before}
} | {
${stage}
cat
}`,
    first,
  )
}

function asksTheApi(text: string): boolean {
  return text.includes('kw_kubectl ')
}

/** One call of a function of the prelude: none of them ends the shell, so it needs no shell of its own. */
function isCall(text: string): boolean {
  return /^kw_\w+( [^\n;&|()`$]*)?$/.test(text)
}
