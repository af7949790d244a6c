import { createHash } from 'node:crypto'
import type { Change, Probe } from '../engine/resource.ts'
import { authorities, certificateFiles, type AuthorityName } from '../pki/certificates.ts'
import { lines, sh } from '../transport/command.ts'
import { pathProbe, type PathQuestion, type PathState } from './path.ts'

/** A certificate's public text and what is known of its key without reading it. */
export interface PairState {
  readonly certificate: string | undefined
  readonly certificateFile: PathState
  readonly keyFile: PathState
}

/** Reads a certificate (public) and the key's kind, mode and owner; the key's content stays where it is. */
export function pairProbe(certificate: string, key: string): Probe<PairState> {
  return pathProbe(pairQuestions(certificate, key), (at) => pairState(at(certificate), at(key)))
}

/** A pair, and the certificate of the authority that signed it: a run may have made that after it was planned. */
export function signedPairProbe(certificate: string, key: string, authority: AuthorityName): Probe<Signed<PairState>> {
  const path = authorityFile(authority)
  return pathProbe([...pairQuestions(certificate, key), { path, text: 'always' }], (at) => ({
    ...pairState(at(certificate), at(key)),
    hostAuthority: found(at(path).text),
  }))
}

function pairQuestions(certificate: string, key: string): readonly PathQuestion[] {
  return [{ path: key }, { path: certificate, text: 'always' }]
}

function pairState(certificate: PathState, key: PathState): PairState {
  const certificateFile = filled(certificate)
  // A hash of a key would be a finger print of a secret: whether it is there is all that counts.
  const keyFile = { ...filled(key), sha256: '-' }
  return { certificate: certificateFile.kind === 'file' ? certificate.text : undefined, certificateFile, keyFile }
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
  const boundary = '=authority='
  return {
    script: lines(
      probe.script,
      sh`echo; echo ${boundary}
cat ${authorityFile(name)}`,
    ),
    parse(output) {
      const [own = '', pem = ''] = output.split(`\n${boundary}\n`)
      return { ...probe.parse(own), hostAuthority: found(pem) }
    },
  }
}

function authorityFile(name: AuthorityName): string {
  return certificateFiles({ path: authorities.find((spec) => spec.name === name)?.path ?? name }).certificate
}

function found(pem: string): string | undefined {
  return pem.trim() === '' ? undefined : pem
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
