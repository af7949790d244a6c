import type { Artifact } from '../artifacts/artifact.ts'
import type { Change, Resource } from '../engine/resource.ts'
import { sh } from '../transport/command.ts'
import { delivery, type ArtifactOptions } from './artifact.ts'

/** A program that the archive left, as it is now. */
export interface InstalledProgram {
  readonly path: string
  readonly mode: string
  readonly state: 'same' | 'changed' | 'missing'
}

/** All programs of an archive in one directory, whatever they are: the archive knows that, its index does not. */
export function artifactDirectory(
  artifact: Artifact,
  directory: string,
  { deep }: ArtifactOptions = { deep: false },
): Resource<readonly InstalledProgram[]> {
  const name = `${artifact.name} ${artifact.version}`
  return {
    id: `artifact:${artifact.name}`,
    probe: {
      script: sh`kw_programs ${directory} ${artifact.sha256} ${deep ? 'deep' : 'stat'}`,
      parse: parsePrograms,
    },
    compare(programs): Change | undefined {
      const wrong = programs.flatMap((program) => problemOf(program))
      if (programs.length > 0 && wrong.length === 0) return undefined
      const install = sh`kw_install_all ${directory} ${name} ${artifact.sha256}`
      return {
        verb: programs.length === 0 ? 'create' : 'update',
        summary: `install ${name}${wrong.length === 0 ? ` in ${directory}` : `: ${wrong.join(', ')}`}`,
        impact: 'none',
        actions: [delivery(artifact, install, [])],
      }
    },
  }
}

function problemOf({ path, mode, state }: InstalledProgram): readonly string[] {
  if (state === 'missing') return [`${path} is missing`]
  if (state === 'changed') return [`${path} was changed`]
  return mode === '755' ? [] : [`${path} has mode ${mode} instead of 755`]
}

function parsePrograms(output: string): readonly InstalledProgram[] {
  const lines = output.split('\n')
  const modes = new Map(
    lines.flatMap((line): [string, string][] => {
      const [path = '', , mode] = line.split('|')
      return mode === undefined ? [] : [[path, mode]]
    }),
  )
  return lines.flatMap((line): InstalledProgram[] => {
    const [, state, path = ''] = /^(same|changed|missing) (.*)$/.exec(line) ?? []
    return state === undefined ? [] : [{ path, mode: modes.get(path) ?? '', state: state as InstalledProgram['state'] }]
  })
}
