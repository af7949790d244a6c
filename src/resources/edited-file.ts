import type { Action, Change, Finding, Resource } from '../engine/resource.ts'
import { sh, type Command } from '../transport/command.ts'
import { textDiff } from './file.ts'

/** A file of the host's owner with its whole text; `path` is where it really is when the name is a link. */
export interface TextState {
  readonly path: string
  readonly present: boolean
  readonly mode: number
  readonly owner: string
  readonly text: string
}

export interface Editing {
  /** Why, for the plan: `swap off after a reboot`. */
  readonly why: string
  /** Whether the file is made when it is not there and the edit gives it a text; default false. */
  readonly create?: boolean
  /** What makes the new text count, run after the write. */
  readonly afterwards?: Command
}

/**
 * A file that is not ours but needs certain lines: the edit is a pure function of its text, the plan shows it as a diff, mode and
 * owner stay. It is not recorded as installed by us, so nothing ever takes it for ours to remove.
 */
export function editedFile(path: string, edit: (text: string) => string, editing: Editing): Resource<TextState> {
  return {
    id: `edit:${path}`,
    probe: { script: textProbe(path), parse: parseTextState },
    compare: (state) => editOf(state, edit(state.text), editing),
    examine: (state) => unreadable(path, state),
  }
}

/** Prints what {@link parseTextState} reads. */
export function textProbe(path: string): Command {
  return sh`kw_text ${path}`
}

/** Parses what `kw_text` prints. */
export function parseTextState(output: string): TextState {
  const [path = '', described = '', ...text] = output.split('\n')
  const [kind, mode = '644', owner = 'root:root'] = described.split(' ')
  const present = kind === 'file'
  return {
    path,
    present,
    mode: present ? Number.parseInt(mode, 8) : 0o644,
    owner: present ? owner : 'root:root',
    text: text.join('\n'),
  }
}

/** The change from a file's present text to another one, if it is another one. */
export function editOf(
  state: TextState,
  text: string,
  { why, create = false, afterwards }: Editing,
): Change | undefined {
  const { path, mode, owner, present } = state
  if (text === state.text || (!present && !create) || isDamaged(state)) return undefined
  const forget: Action = { kind: 'run', command: sh`kw_forget ${path}`, undo: 'none' }
  return {
    verb: present ? 'update' : 'create',
    summary: `edit ${path}: ${why}`,
    diff: textDiff(path, state.text, text),
    impact: 'none',
    actions: [
      { kind: 'write', path, content: text, mode, owner, undo: 'restore' },
      forget,
      ...(afterwards === undefined ? [] : [{ kind: 'run', command: afterwards, undo: 'none' } as const]),
    ],
  }
}

function unreadable(path: string, state: TextState): readonly Finding[] {
  if (!isDamaged(state)) return []
  const hint = `Convert it to UTF-8, or see to it yourself; it is left as it is.`
  return [{ check: 'Encoding', severity: 'error', message: `${path} is not UTF-8, so it is not edited`, hint }]
}

// A rewrite would lose the bytes that were no text.
function isDamaged({ text }: TextState): boolean {
  return text.includes('\uFFFD')
}
