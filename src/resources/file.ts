import { createHash } from 'node:crypto'
import { createTwoFilesPatch } from 'diff'
import type { Change, Impact, Resource, Run } from '../engine/resource.ts'
import { sh, type Secret } from '../transport/command.ts'
import { pathProbe, type PathState } from './path.ts'

export interface FileOptions {
  /** Default 0644. */
  readonly mode?: number
  /** `user:group`, default `root:root`. */
  readonly owner?: string
  /** The content is never shown in a diff. */
  readonly confidential?: boolean
  /** What a change of it means for the cluster; default `none`. */
  readonly impact?: Impact
}

/** A resource that leaves files which a service may read. */
export interface FilesResource<State = unknown> extends Resource<State> {
  readonly files: readonly string[]
}

export interface FileResource extends FilesResource<PathState> {
  readonly path: string
  /** Hex sha256 of the wanted content. */
  readonly sha256: string
}

/** A file with a content that is known now. A {@link Secret} is confidential, and a change of it is noticed by its hash. */
export function file(path: string, content: string | Secret, options: FileOptions = {}): FileResource {
  const text = typeof content === 'string' ? content : content.reveal()
  const wanted = createHash('sha256').update(text).digest('hex')
  const { mode = 0o644, owner = 'root:root', confidential = typeof content !== 'string', impact = 'none' } = options
  return {
    id: `file:${path}`,
    path,
    sha256: wanted,
    files: [path],
    probe: pathProbe([confidential ? { path } : { path, text: { ifNot: wanted } }], (at) => at(path)),
    compare(state): Change | undefined {
      const problems = differences(state, { kind: 'file', mode: mode.toString(8), owner, sha256: wanted })
      if (problems.length === 0) return undefined
      const absent = state.kind === 'absent'
      const diff = state.sha256 === wanted || confidential ? undefined : textDiff(path, state.text, text)
      return {
        verb: absent ? 'create' : 'update',
        summary: absent ? `write ${path}` : `${path}: ${problems.join(', ')}`,
        ...(diff === undefined ? {} : { diff }),
        impact,
        actions: [
          state.kind === 'file' && state.sha256 === wanted
            ? permissions(path, mode, owner)
            : { kind: 'write', path, content, mode, owner, undo: 'restore' },
        ],
      }
    },
    // A saved plan shall not hold what a weak password could be guessed by.
    digest: ({ kind, mode, owner, sha256 }) =>
      confidential ? { kind, mode, owner, same: sha256 === wanted } : { kind, mode, owner, sha256 },
  }
}

/** Only the mode and owner are set, so that nobody who watches the content is woken. */
export function permissions(path: string, mode: number, owner = 'root:root'): Run {
  const command = sh`chmod ${mode.toString(8)} ${path}
chown ${owner} ${path}`
  return { kind: 'run', command, undo: 'inverse' }
}

/** A directory with this mode and owner. */
export function directory(path: string, options: Pick<FileOptions, 'mode' | 'owner'> = {}): Resource<PathState> {
  const { mode = 0o755, owner = 'root:root' } = options
  return {
    id: `directory:${path}`,
    probe: pathProbe([{ path }], (at) => at(path)),
    compare(state): Change | undefined {
      const problems = differences(state, { kind: 'directory', mode: mode.toString(8), owner })
      if (problems.length === 0) return undefined
      const absent = state.kind === 'absent'
      return {
        verb: absent ? 'create' : 'update',
        summary: absent ? `make directory ${path}` : `${path}: ${problems.join(', ')}`,
        impact: 'none',
        actions: [{ kind: 'directory', path, mode, owner, undo: 'inverse' }],
      }
    },
  }
}

/** A path that shall not be there. */
export function absent(path: string, why: string): Resource<PathState> {
  return {
    id: `absent:${path}`,
    probe: pathProbe([{ path }], (at) => at(path)),
    compare: (state): Change | undefined =>
      state.kind === 'absent'
        ? undefined
        : {
            verb: 'delete',
            summary: `remove ${path}: ${why}`,
            impact: 'none',
            actions: [{ kind: 'remove', path, undo: 'restore' }],
          },
  }
}

/** A file that goes away if we installed it; if it is not ours it stays. */
export function retired(path: string, why: string): Resource<PathState> {
  const script = sh`if [ -n "$(kw_installed ${path})" ]; then kw_file ${path} - hide; else echo 'absent - - -'; fi`
  return { ...absent(path, why), id: `retired:${path}`, probe: { script, parse: parsePathState } }
}

/** A directory in which what we installed and no longer want goes away; what is not ours stays. */
export function ownedDirectory(
  path: string,
  wanted: readonly { readonly path: string }[],
): Resource<readonly string[]> {
  const keep = new Set(wanted.map((resource) => resource.path))
  return {
    id: `owned:${path}`,
    probe: {
      script: sh`[ -d ${path} ] && find ${path} -type f 2>/dev/null | sort | while read -r kw_path; do
[ -n "$(kw_installed "$kw_path")" ] && echo "$kw_path"
done`,
      parse: (output) => output.split('\n').filter((line) => line !== ''),
    },
    compare(ours): Change | undefined {
      const extra = ours.filter((candidate) => !keep.has(candidate))
      if (extra.length === 0) return undefined
      return {
        verb: 'delete',
        summary: `remove ${extra.join(', ')}: no longer wanted`,
        impact: 'none',
        actions: extra.map((each) => ({ kind: 'remove', path: each, undo: 'restore' })),
      }
    },
  }
}

/** Parses what `kw_file` prints. */
export function parsePathState(output: string): PathState {
  const end = output.indexOf('\n')
  const [kind = 'absent', mode = '-', owner = '-', sha256 = '-'] = output.slice(0, end).split(' ')
  return { kind: kind as PathState['kind'], mode, owner, sha256, text: output.slice(end + 1) }
}

function differences(
  state: PathState,
  wanted: { kind: string; mode: string; owner: string; sha256?: string },
): string[] {
  if (state.kind === 'absent') return ['is missing']
  if (state.kind !== wanted.kind) return [`is a ${state.kind}`]
  return [
    ...(wanted.sha256 !== undefined && state.sha256 !== wanted.sha256 ? ['content differs'] : []),
    ...(state.mode === wanted.mode ? [] : [`mode ${state.mode} instead of ${wanted.mode}`]),
    ...(state.owner === wanted.owner ? [] : [`owner ${state.owner} instead of ${wanted.owner}`]),
  ]
}

/** A unified diff of two texts, without the names of files that do not exist. */
export function textDiff(path: string, before: string, after: string): string {
  const patch = createTwoFilesPatch(path, path, before, after, undefined, undefined, { context: 2 })
  return patch.split('\n').slice(4).join('\n').trimEnd()
}
