import type { Change, Deferred, Resolving } from '../engine/resource.ts'
import { certificateFiles, type CertificateSpec } from '../pki/certificates.ts'
import { generateKey, issueCertificate, type KeyAlgorithm } from '../pki/issue.ts'
import { compareCertificate, readCertificate } from '../pki/read.ts'
import type { Secret } from '../transport/command.ts'
import type { Signer } from './authority.ts'
import type { FilesResource } from './file.ts'
import { modeChange, signedPairProbe, type PairState, type Signed } from './pem.ts'

export interface CertificateOptions {
  readonly host: string
  readonly signer: Signer
  /** The authority's certificate as observed; undefined while there is none. */
  readonly authorityPem: string | undefined
  readonly algorithm: KeyAlgorithm
  /** Seconds. */
  readonly validity: number
  readonly now: Date
}

/** The authority that was observed, or else the one that the host has got since. */
export function withHostAuthority(options: CertificateOptions, state: Signed<object>): CertificateOptions {
  return { ...options, authorityPem: options.authorityPem ?? state.hostAuthority }
}

/** A certificate and its key: kept while the certificate is what the spec asks for, else issued anew with the key that is there. */
export function certificate(spec: CertificateSpec, options: CertificateOptions): FilesResource<Signed<PairState>> {
  const files = certificateFiles(spec)
  const title = `certificate ${spec.name}`
  return {
    id: `certificate:${spec.name}`,
    files: [files.certificate, files.key],
    inputs: [`authority:${spec.authority}`],
    probe: signedPairProbe(files.certificate, files.key, spec.authority),
    compare(state): Change | undefined {
      const problems = problemsOf(spec, withHostAuthority(options, state), state)
      if (problems.length === 0) {
        return modeChange(title, [
          { path: files.key, mode: 0o600, state: state.keyFile },
          { path: files.certificate, mode: 0o644, state: state.certificateFile },
        ])
      }
      const keyPath = state.keyFile.kind === 'file' ? files.key : undefined
      return issueChange(spec, options, state.certificate === undefined ? 'create' : 'update', problems, keyPath)
    },
    stale: () => issueChange(spec, options, 'update', [`the authority ${spec.authority} is new`], files.key),
    digest: ({ certificate: pem, certificateFile, keyFile }) => ({ pem, certificateFile, keyFile }),
  }
}

/** Why a pair is not what the spec asks for; empty when it is. */
function problemsOf(spec: CertificateSpec, options: CertificateOptions, state: PairState): readonly string[] {
  if (state.certificate === undefined) return ['is missing']
  if (state.keyFile.kind !== 'file') return ['its key is missing']
  return certificateProblems(state.certificate, spec, options)
}

/** Why a certificate (PEM) is not what the spec asks for; empty when it is. */
export function certificateProblems(
  pem: string,
  spec: CertificateSpec,
  options: CertificateOptions,
): readonly string[] {
  try {
    return compareCertificate(readCertificate(pem), spec, options.authorityPem, options.now)
  } catch (thrown) {
    return [thrown instanceof Error ? thrown.message : 'it cannot be read']
  }
}

function issueChange(
  spec: CertificateSpec,
  options: CertificateOptions,
  verb: 'create' | 'update',
  problems: readonly string[],
  existingKey: string | undefined,
): Change {
  const files = certificateFiles(spec)
  const deferred = (what: 'key' | 'certificate'): Deferred<string | Secret> => ({
    kind: 'deferred',
    description: `${what} ${spec.name}, known after apply`,
    resolve: async (context) => (await issuedPair(spec, existingKey, options, context))[what],
    ...(existingKey === undefined ? { ahead: async (context: Resolving) => newKey(spec, options, context) } : {}),
  })
  const why = verb === 'create' ? describe(spec) : problems.join(', ')
  // A certificate beside a new key that is not its own could not be told from a good pair if the run died in between.
  const isOrphan = verb === 'update' && existingKey === undefined
  return {
    verb,
    summary: `certificate ${spec.name}: ${why}`,
    impact: 'none',
    actions: [
      ...(isOrphan ? [{ kind: 'remove', path: files.certificate, undo: 'restore' } as const] : []),
      { kind: 'write', path: files.key, content: deferred('key'), mode: 0o600, undo: 'restore' },
      { kind: 'write', path: files.certificate, content: deferred('certificate'), mode: 0o644, undo: 'restore' },
    ],
  }
}

/** Subject, SANs and issuer, which is all that a plan can say of a certificate that does not exist yet. */
export function describe(spec: CertificateSpec): string {
  const organizations = spec.organizations.map((name) => `, O=${name}`).join('')
  const sans = spec.sans.length === 0 ? '' : `, SANs ${spec.sans.join(' ')}`
  return `CN=${spec.commonName}${organizations}${sans}, signed by ${spec.authority} (known after apply)`
}

/** Issues a certificate with the key at `keyPath` if there is one, else with a new key; once for each operation. */
export function issuedPair(
  spec: CertificateSpec,
  keyPath: string | undefined,
  options: CertificateOptions,
  context: Resolving,
): Promise<{ readonly certificate: string; readonly key: Secret }> {
  return context.once(`certificate ${options.host} ${spec.name}`, async () => {
    const existing = keyPath === undefined ? undefined : await context.read(options.host, keyPath)
    const key = existing ?? (await newKey(spec, options, context))
    const authority = await options.signer(spec.authority, context)
    const { validity, now } = { validity: options.validity, now: context.now }
    return { key, certificate: issueCertificate({ spec, authority, key, validitySeconds: validity, now }) }
  })
}

/** The key of a certificate that has none yet, which may be made ahead; once for each operation. */
export function newKey(
  spec: CertificateSpec,
  { host, algorithm }: CertificateOptions,
  context: Resolving,
): Promise<Secret> {
  return context.once(`key ${host} ${spec.name}`, () => generateKey(algorithm))
}
