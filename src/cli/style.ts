import { styleText } from 'node:util'

/** What text can be marked as. */
export type Mark = 'good' | 'bad' | 'warning' | 'note' | 'strong' | 'faint' | 'added' | 'removed' | 'place'

/** Marks text for a person; without colour it leaves the text as it is. */
export type Style = (mark: Mark, text: string) => string

const formats = {
  good: 'green',
  bad: 'red',
  warning: 'yellow',
  note: 'cyan',
  strong: 'bold',
  faint: 'dim',
  added: 'green',
  removed: 'red',
  place: 'cyan',
} as const satisfies Readonly<Record<Mark, Parameters<typeof styleText>[0]>>

/** The style with colours or without. */
export function styleOf(coloured: boolean): Style {
  return coloured ? (mark, text) => styleText(formats[mark], text, { validateStream: false }) : (_mark, text) => text
}

/** Whether to colour a stream: the flag and the environment (https://no-color.org) may forbid it, FORCE_COLOR asks for it. */
export function wantsColour(
  stream: { readonly isTTY?: boolean | undefined },
  flag: boolean,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  if (!flag || (env['NO_COLOR'] ?? '') !== '') return false
  if (!['', '0', 'false'].includes(env['FORCE_COLOR'] ?? '')) return true
  return stream.isTTY === true && env['TERM'] !== 'dumb'
}
