import { KubewrightError } from '../engine/errors.ts'
import type { Change, Deferred, Finding, Resolving, Resource } from '../engine/resource.ts'
import {
  certificateFiles,
  serviceAccountPair,
  pkiDirectory,
  type AuthorityName,
  type AuthoritySpec,
} from '../pki/certificates.ts'
import { generateKey, issueAuthority, publicKeyOf, type Authority, type KeyAlgorithm } from '../pki/issue.ts'
import { compareAuthority, readCertificate } from '../pki/read.ts'
import type { Secret } from '../transport/command.ts'
import { modeChange, pairProbe, type PairState } from './pem.ts'

/** Where authorities live and how new ones are made. */
export interface AuthoritySource {
  /** The control planes, in the order in which they are asked. */
  readonly hosts: readonly string[]
  readonly algorithm: KeyAlgorithm
  /** Seconds. */
  readonly validity: number
}

/**
 * The certificate and key of an authority, during apply: read from the control plane that has it, completed where only its key
 * is there, made where there is none. Once for each operation, so that all control planes share it.
 */
export function authorityPair(spec: AuthoritySpec, source: AuthoritySource, context: Resolving): Promise<Authority> {
  return context.once(`authority ${spec.name}`, async () => {
    const held = await heldAuthority(spec, source, context)
    if (held !== undefined) return held
    const key = await newKey(spec.name, source, context)
    return { key, certificate: issue(spec, source, key, context.now) }
  })
}

/** A key that may be made ahead, before it is known whether a control plane holds one; once for each operation. */
function newKey(name: string, { algorithm }: AuthoritySource, context: Resolving): Promise<Secret> {
  return context.once(`key ${name}`, () => generateKey(algorithm))
}

/** The same for those who sign with it or trust it: an authority that they made would be on no control plane. */
export function authorityForSigning(
  spec: AuthoritySpec,
  source: AuthoritySource,
  context: Resolving,
): Promise<Authority> {
  return context.once(`authority ${spec.name}`, async () => {
    const held = await heldAuthority(spec, source, context)
    if (held !== undefined) return held
    throw new KubewrightError({
      code: 'KW3020',
      exit: 'apply',
      message: `No control plane holds the authority ${spec.commonName} (${certificateFiles(spec).key}), so nothing can be signed with it`,
      hint: 'Apply to the control planes first: run apply without --limit.',
    })
  })
}

async function heldAuthority(
  spec: AuthoritySpec,
  source: AuthoritySource,
  context: Resolving,
): Promise<Authority | undefined> {
  const files = certificateFiles(spec)
  let alone: Secret | undefined
  for (const host of source.hosts) {
    const key = await readFilled(host, files.key, context)
    if (key === undefined) continue
    const certificate = await readFilled(host, files.certificate, context)
    if (certificate !== undefined) return { key, certificate: certificate.reveal() }
    alone ??= key
  }
  // A key is completed only where nobody has its certificate: a second one would be another authority to those who hold the first.
  return alone === undefined ? undefined : { key: alone, certificate: issue(spec, source, alone, context.now) }
}

/** Content of a file; an empty one, as a power cut may leave it, counts as none. */
async function readFilled(host: string, path: string, context: Resolving): Promise<Secret | undefined> {
  const content = await context.read(host, path)
  return content?.reveal().trim() === '' ? undefined : content
}

function issue(spec: AuthoritySpec, { validity }: AuthoritySource, key: Secret, now: Date): string {
  return issueAuthority({ spec, key, validitySeconds: validity, now })
}

/** The authority's certificate as text: known when it was observed, else known after apply. */
export function authorityCertificate(spec: AuthoritySpec, source: AuthoritySource): Deferred<string> {
  return {
    kind: 'deferred',
    description: `certificate of ${spec.commonName}, known after apply`,
    resolve: async (context) => (await authorityForSigning(spec, source, context)).certificate,
  }
}

/** A certificate authority of the cluster on a control plane: what is there is kept, a new one is made only where none is. */
export function authority(spec: AuthoritySpec, source: AuthoritySource, now: Date): Resource<PairState> {
  const files = certificateFiles(spec)
  const deferred = (what: 'key' | 'certificate'): Deferred<string | Secret> => ({
    kind: 'deferred',
    description: `${what} of ${spec.commonName}, known after apply`,
    resolve: async (context) => (await authorityPair(spec, source, context))[what],
    ahead: async (context) => newKey(spec.name, source, context),
  })
  return {
    id: `authority:${spec.name}`,
    probe: pairProbe(files.certificate, files.key),
    examine: (state) => authorityFindings(spec, files, state, now),
    compare(state): Change | undefined {
      if (state.keyFile.kind === 'file' && state.certificate !== undefined) {
        return modeChange(`authority ${spec.commonName}`, [
          { path: files.key, mode: 0o600, state: state.keyFile },
          { path: files.certificate, mode: 0o644, state: state.certificateFile },
        ])
      }
      if (state.certificate !== undefined) return undefined
      return {
        verb: 'create',
        summary: `authority ${spec.commonName} (${source.algorithm}, known after apply)`,
        impact: 'none',
        actions: [
          { kind: 'write', path: files.key, content: deferred('key'), mode: 0o600, undo: 'restore' },
          { kind: 'write', path: files.certificate, content: deferred('certificate'), mode: 0o644, undo: 'restore' },
        ],
      }
    },
  }
}

function authorityFindings(
  spec: AuthoritySpec,
  files: { certificate: string; key: string },
  { certificate, keyFile }: PairState,
  now: Date,
): readonly Finding[] {
  if (certificate === undefined) return []
  if (keyFile.kind !== 'file') {
    return [
      {
        check: 'ExternalCA',
        severity: 'error',
        message: `${files.certificate} has no ${files.key}, so nothing can be signed with it`,
        hint: 'Put the key beside it, or remove the certificate so that a new authority is made; external authorities are not supported yet.',
      },
    ]
  }
  return authorityProblems(certificate, now).map((reason) => ({
    check: 'CertificateAuthority',
    severity: 'error',
    message: `The authority in ${files.certificate} (${spec.name}) cannot be used: ${reason}`,
    hint: 'Replace it and its key by valid ones, or remove both so that a new authority is made.',
  }))
}

function authorityProblems(certificate: string, now: Date): readonly string[] {
  try {
    return compareAuthority(readCertificate(certificate), now)
  } catch (thrown) {
    return [thrown instanceof Error ? thrown.message : 'it cannot be read']
  }
}

/** The pair that signs service account tokens, the same on every control plane. */
export function serviceAccountKeys(source: AuthoritySource): Resource<PairState> {
  const key = `${pkiDirectory}/${serviceAccountPair.key}`
  const publicKey = `${pkiDirectory}/${serviceAccountPair.publicKey}`
  const deferred = (what: 'key' | 'public key'): Deferred<string | Secret> => ({
    kind: 'deferred',
    description: `service account ${what}, known after apply`,
    async resolve(context) {
      const made = await serviceAccountKey(key, source, context)
      return what === 'key' ? made : publicKeyOf(made)
    },
    ahead: async (context) => newKey('service account', source, context),
  })
  return {
    id: 'service-account-keys',
    probe: pairProbe(publicKey, key),
    examine: ({ certificate, keyFile }) =>
      certificate !== undefined && keyFile.kind !== 'file' ? [lostServiceAccountKey(publicKey, key)] : [],
    compare(state): Change | undefined {
      if (state.keyFile.kind === 'file' && state.certificate !== undefined) {
        return modeChange('service account keys', [
          { path: key, mode: 0o600, state: state.keyFile },
          { path: publicKey, mode: 0o600, state: state.certificateFile },
        ])
      }
      return {
        verb: 'create',
        summary: 'service account key pair (known after apply)',
        impact: 'none',
        actions: [
          { kind: 'write', path: key, content: deferred('key'), mode: 0o600, undo: 'restore' },
          { kind: 'write', path: publicKey, content: deferred('public key'), mode: 0o600, undo: 'restore' },
        ],
      }
    },
  }
}

function lostServiceAccountKey(publicKey: string, key: string): Finding {
  return {
    check: 'ServiceAccountKey',
    severity: 'error',
    message: `${publicKey} has no ${key}: a new pair would make the tokens of all pods invalid`,
    hint: `Put the key back, or remove ${publicKey} so that a new pair is made, and restart all pods afterwards.`,
  }
}

function serviceAccountKey(path: string, source: AuthoritySource, context: Resolving): Promise<Secret> {
  return context.once('service account', async () => {
    for (const host of source.hosts) {
      const key = await readFilled(host, path, context)
      if (key !== undefined) return key
    }
    return newKey('service account', source, context)
  })
}

/** Names the authority that signs a certificate. */
export type Signer = (name: AuthorityName, context: Resolving) => Promise<Authority>
