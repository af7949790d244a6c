import { createHash } from 'node:crypto'
import type { Change, Probe } from '../engine/resource.ts'
import { authorities, certificateFiles, type AuthorityName } from '../pki/certificates.ts'
import { lines, sh, type Command } from '../transport/command.ts'
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
      const certificateFile = filled(parsePathState(`${file}\n`))
      // A hash of a key would be a finger print of a secret: whether it is there is all that counts.
      const keyFile = { ...filled(parsePathState(`${key}\n`)), sha256: '-' }
      return { certificate: certificateFile.kind === 'file' ? text.join('\n') : undefined, certificateFile, keyFile }
    },
  }
}

const emptyHash = createHash('sha256').digest('hex')

/** A power cut may leave a new file empty, which is as good as none. */
function filled(state: PathState): PathState {
  return state.kind === 'file' && state.sha256 === emptyHash ? { ...state, kind: 'absent' } : state
}

/** What was read of something that is signed, and the authority's certificate (PEM) that the host has at that moment. */
export type Signed<State> = State & { readonly hostAuthority: string | undefined }

/** Reads the authority's certificate as well: a run may have made it after it was planned. */
export function withAuthority<State>(name: AuthorityName, probe: Probe<State>): Probe<Signed<State>> {
  const path = authorities.find((spec) => spec.name === name)?.path ?? name
  const boundary = '=authority='
  return {
    script: lines(
      probe.script,
      sh`echo; echo ${boundary}
cat ${certificateFiles({ path }).certificate}`,
    ),
    parse(output) {
      const [own = '', pem = ''] = output.split(`\n${boundary}\n`)
      return { ...probe.parse(own), hostAuthority: pem.trim() === '' ? undefined : pem }
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
