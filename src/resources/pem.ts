import type { Change } from '../engine/resource.ts'
import { sh, type Command } from '../transport/command.ts'
import { parsePathState, type PathState } from './file.ts'

/** A certificate's public text and what is known of its key without reading it. */
export interface PairState {
  readonly certificate: string | undefined
  readonly certificateFile: PathState
  readonly keyFile: PathState
}

/** Reads a certificate (public) and the key's kind, mode and owner; the key's content stays where it is. */
export function pairProbe(certificate: string, key: string): { script: Command; parse(output: string): PairState } {
  return {
    script: sh`kw_file ${key} - hide
kw_file ${certificate} - hide
cat ${certificate}`,
    parse(output) {
      const [key = '', file = '', ...text] = output.split('\n')
      const certificateFile = parsePathState(`${file}\n`)
      // A hash of a key would be a finger print of a secret: whether it is there is all that counts.
      const keyFile = { ...parsePathState(`${key}\n`), sha256: '-' }
      return { certificate: certificateFile.kind === 'file' ? text.join('\n') : undefined, certificateFile, keyFile }
    },
  }
}

/** The change that puts modes right when the contents are, undefined when modes are right too. */
export function modeChange(
  title: string,
  wanted: readonly { path: string; mode: number; state: PathState }[],
): Change | undefined {
  const wrong = wanted.filter(({ mode, state }) => state.mode !== mode.toString(8) || state.owner !== 'root:root')
  if (wrong.length === 0) return undefined
  const what = wrong.map(
    ({ path, mode, state }) =>
      `${path} has mode ${state.mode} of ${state.owner} instead of ${mode.toString(8)} of root:root`,
  )
  return {
    verb: 'update',
    summary: `${title}: ${what.join(', ')}`,
    impact: 'none',
    actions: wrong.map(({ path, mode }) => ({
      kind: 'run',
      command: sh`chmod ${mode.toString(8)} ${path} && chown root:root ${path}`,
      undo: 'inverse',
    })),
  }
}
