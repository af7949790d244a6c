import type { Artifact } from '../artifacts/artifact.ts'
import type { Change, Deliver } from '../engine/resource.ts'
import { all, lines, sh, type Command } from '../transport/command.ts'
import type { FilesResource } from './file.ts'

/** A file that an artifact installs. */
export interface Installation {
  /** Its path in the archive; for a single binary it is not used. */
  readonly member: string
  readonly path: string
}

/** What is at each path: its stat, its mode, the record of its installation, and its hash where the record does not vouch for it. */
export interface ArtifactState {
  readonly paths: readonly {
    readonly path: string
    readonly stat: string
    readonly mode: string
    readonly recorded: { readonly sha256: string; readonly stat: string; readonly source: string } | undefined
    readonly sha256: string | undefined
  }[]
}

export interface ArtifactOptions {
  /** Hash every file instead of trusting its recorded size, ctime and inode. */
  readonly deep: boolean
}

/** Executables of one artifact at their places, mode 0755; sent only when they are not there with the right content. */
export function artifactFiles(
  artifact: Artifact,
  installations: readonly Installation[],
  options: ArtifactOptions = { deep: false },
): FilesResource<ArtifactState> {
  const paths = installations.map((installation) => installation.path)
  return {
    id: `artifact:${artifact.name}`,
    files: paths,
    probe: { script: lines(...paths.map((path) => probePath(path, options.deep))), parse: parseArtifactState },
    compare(state): Change | undefined {
      const wrong = paths.flatMap((path) => {
        const problem = problemOf(artifact, state, path)
        return problem === undefined ? [] : [`${path} ${problem}`]
      })
      if (wrong.length === 0) return undefined
      const isNew = state.paths.every((path) => path.stat === '')
      return {
        verb: isNew ? 'create' : 'update',
        summary: isNew
          ? `install ${artifact.name} ${artifact.version}`
          : `install ${artifact.name} ${artifact.version}: ${wrong.join(', ')}`,
        impact: 'none',
        actions: [
          { ...delivery(artifact, installCommand(artifact, installations), paths), verbatim: !isPacked(artifact) },
        ],
      }
    },
    // What vouches for a file, its record or its hash, is no matter of its own.
    digest: (state) => paths.map((path) => [path, problemOf(artifact, state, path) ?? null]),
  }
}

/** The action that brings an artifact to the host; `$KW_FILE` is the file in `install`. */
export function delivery(artifact: Artifact, install: Command, paths: readonly string[]): Deliver {
  const name = `${artifact.name} ${artifact.version}`
  const { sha256, size, from } = artifact
  return { kind: 'deliver', name, sha256, size, from, install, paths, undo: 'restore' }
}

function isPacked({ kind, member }: Artifact): boolean {
  return kind === 'archive' || member !== undefined
}

function installCommand(artifact: Artifact, installations: readonly Installation[]): Command {
  const packed = isPacked(artifact)
  const places = installations.map(({ member, path }) => {
    const source = packed ? sh`"$KW_FILE.d"/${artifact.member ?? member}` : sh`"$KW_FILE"`
    const part = `${path}.kw-part`
    return sh`kw_parents ${path}
mv -T ${source} ${part}
chown root:root ${part}
chmod 0755 ${part}
mv -T ${part} ${path}`
  })
  const unpack = sh`rm -rf "$KW_FILE.d"
mkdir "$KW_FILE.d"
tar -xf "$KW_FILE" -C "$KW_FILE.d" --no-same-owner`
  return lines(...(packed ? [unpack] : []), ...places, ...(packed ? [sh`rm -rf "$KW_FILE.d"`] : []))
}

function probePath(path: string, deep: boolean): Command {
  const hash = sh`[ -f ${path} ] && echo "sha256=$(kw_sha256 ${path})"`
  const stat = sh`kw_place ${path}
kw_was=$(kw_installed ${path}); echo "record=$kw_was"`
  const changed = sh`case $kw_was in *"\"stat\":\"$kw_now\""*) ;; *) ${hash} ;; esac`
  return lines(stat, deep ? all(hash) : changed)
}

function parseArtifactState(output: string): ArtifactState {
  const blocks = output.split(/^path=/m).slice(1)
  return {
    paths: blocks.map((block) => {
      const field = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(block)?.[1] ?? ''
      const record = field('record')
      return {
        path: block.slice(0, block.indexOf('\n')),
        stat: field('stat'),
        mode: field('mode'),
        recorded: recordOf(record),
        sha256: field('sha256') || undefined,
      }
    }),
  }
}

type Recorded = ArtifactState['paths'][number]['recorded']

/** A line that a crash or a full disk cut short is no record. */
function recordOf(line: string): Recorded {
  try {
    return JSON.parse(line) as Recorded
  } catch {
    return undefined
  }
}

function problemOf(artifact: Artifact, state: ArtifactState, path: string): string | undefined {
  const found = state.paths.find((candidate) => candidate.path === path)
  if (found === undefined || found.stat === '') return 'is missing'
  if (found.mode !== '755') return `has mode ${found.mode} instead of 755`
  if (!isPacked(artifact) && found.sha256 === artifact.sha256) return undefined
  const { recorded } = found
  if (recorded === undefined) return 'was not installed by us'
  if (recorded.source !== artifact.sha256) return 'is of another version'
  const vouched = found.sha256 === undefined ? recorded.stat === found.stat : recorded.sha256 === found.sha256
  return vouched ? undefined : 'was changed'
}
