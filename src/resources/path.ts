import type { Probe } from '../engine/resource.ts'
import { sh } from '../transport/command.ts'

/** Kind, mode, owner and hash of a path, and its text if that was asked for. */
export interface PathState {
  readonly kind: 'absent' | 'file' | 'directory' | 'link'
  /** Octal text as `stat` prints it. */
  readonly mode: string
  readonly owner: string
  /** Of a file's content; else `-`. */
  readonly sha256: string
  readonly text: string
}

/** What is asked about a path. */
export interface PathQuestion {
  readonly path: string
  /** Whether the text is read too; `ifNot` a hash: unless the content has it, and below 64 KiB only. */
  readonly text?: 'always' | { readonly ifNot: string }
}

/** A probe of some paths; all paths of a batch are looked at by a few processes together. */
export function pathProbe<State>(
  questions: readonly PathQuestion[],
  read: (at: (path: string) => PathState) => State,
): Probe<State> {
  return {
    script: sh`kw_paths "$@"`,
    words: questions.map(({ path, text }) => `${wordOf(text)} ${path}`),
    parse(output) {
      const lines = output.split('\n')
      return read((path) => pathState(lines, path))
    },
  }
}

function wordOf(text: PathQuestion['text']): string {
  if (text === undefined) return '- hide'
  return text === 'always' ? '- show' : `${text.ifNot} differs`
}

const kinds: Readonly<Record<string, PathState['kind']>> = { directory: 'directory', 'symbolic link': 'link' }

function pathState(lines: readonly string[], path: string): PathState {
  const found = lines.find((line) => line.startsWith('stat|') && line.endsWith(`|${path}`))
  if (found === undefined) return { kind: 'absent', mode: '-', owner: '-', sha256: '-', text: '' }
  const [, type = '', mode = '-', owner = '-'] = found.split('|')
  const kind = kinds[type] ?? 'file'
  const text = textAt(lines, lines.indexOf(`text ${path}`))
  if (kind === 'link') return { kind, mode: '-', owner: '-', sha256: '-', text }
  const sum = lines.find((line) => line.startsWith('sum ') && line.slice(69) === path)
  return { kind, mode, owner, sha256: sum?.slice(4, 68) ?? '-', text }
}

/** Lines of a text have a mark before them; an empty one after them says that the last of them is ended. */
function textAt(lines: readonly string[], at: number): string {
  if (at < 0) return ''
  const end = lines.findIndex((line, index) => index > at && !line.startsWith('|'))
  const text = lines.slice(at + 1, end < 0 ? lines.length : end).map((line) => line.slice(1))
  return [...text, ...(lines[end] === '' && text.length > 0 ? [''] : [])].join('\n')
}
