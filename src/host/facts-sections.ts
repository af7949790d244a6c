import type { Host } from '../inventory/cluster.ts'
import { lines, sh, type Command } from '../transport/command.ts'

/** What the script printed, by the name of the section; of two sections with one name the later one counts. */
export type Sections = ReadonlyMap<string, string>

/** A part of the facts: shell that prints sections, and the parser that understands them. The shell never fails, whatever is missing. */
export interface Part<Value> {
  script(host: Host): Command
  parse(sections: Sections, host: Host): Value
}

/** Prints what the body prints as a section. The frame is a control character that no text file has. */
export function section(name: string, body: Command): Command {
  return lines(sh`printf '\n\036%s\n' ${name}`, body)
}

/** Cuts the output of the script into its sections. */
export function sectionsOf(output: string): Sections {
  const framed = output.split('\u001e').slice(1)
  return new Map(framed.map((text) => split(text)))
}

function split(text: string): [name: string, body: string] {
  const end = text.indexOf('\n')
  return end < 0 ? [text, ''] : [text.slice(0, end), text.slice(end + 1).replace(/\n$/, '')]
}

/** Prints a section with the content of those of the files that exist; one process reads them all. */
export function filesSection(name: string, paths: readonly string[]): Command {
  return section(name, sh`head -v -c 4194304 -- ${paths}`)
}

/** The files of a {@link filesSection}, by path, without trailing newlines. */
export function filesOf(sections: Sections, name: string): ReadonlyMap<string, string> {
  const parts = (sections.get(name) ?? '').split(/^==> (\/.*) <==$/m).slice(1)
  const files = new Map<string, string>()
  for (let index = 0; index + 1 < parts.length; index += 2) {
    files.set(parts[index] ?? '', (parts[index + 1] ?? '').slice(1).replace(/\n+$/, ''))
  }
  return files
}

/** The lines of a section that are not empty. */
export function linesOf(sections: Sections, name: string): readonly string[] {
  return (sections.get(name) ?? '').split('\n').filter((line) => line !== '')
}

/** JSON, or undefined for anything that is not. */
export function jsonOf(text: string | undefined): unknown {
  if (text === undefined || text.trim() === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The objects of a list in JSON; an empty list for anything else. */
export function objectsOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

/** Whether a value is an object with keys, not a list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The string, or an empty one for anything that is not a string. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
