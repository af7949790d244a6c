import type { Change, Deferred } from '../engine/resource.ts'
import type { CertificateSpec } from '../pki/certificates.ts'
import { renderKubeconfig } from '../pki/kubeconfig.ts'
import { readCertificate } from '../pki/read.ts'
import { sh, type Secret } from '../transport/command.ts'
import {
  certificateProblems,
  describe,
  issuedPair,
  newKey,
  withHostAuthority,
  type CertificateOptions,
} from './certificate.ts'
import { parsePathState, permissions, type FilesResource } from './file.ts'
import type { PathState } from './path.ts'
import { withAuthority, type Signed } from './pem.ts'

/** The public part of a kubeconfig. */
export interface KubeconfigState {
  readonly file: PathState
  readonly server: string | undefined
  readonly authority: string | undefined
  readonly certificate: string | undefined
  readonly certificateFile: string | undefined
  readonly hasKey: boolean
}

/** A kubeconfig of a control plane component or an administrator; its key never leaves the host but to be written there. */
export function kubeconfig(
  spec: CertificateSpec,
  server: string,
  options: CertificateOptions,
): FilesResource<Signed<KubeconfigState>> {
  const content: Deferred<Secret> = {
    kind: 'deferred',
    description: `kubeconfig for ${spec.commonName}, known after apply`,
    async resolve(context) {
      const [{ certificate, key }, { certificate: caPem }] = await Promise.all([
        issuedPair(spec, undefined, options, context),
        options.signer(spec.authority, context),
      ])
      return renderKubeconfig({ server, caPem, user: spec.commonName, certificatePem: certificate, key })
    },
    ahead: async (context) => newKey(spec, options, context),
  }
  const change = (verb: 'create' | 'update', why: string): Change => ({
    verb,
    summary: `kubeconfig ${spec.path}: ${why}`,
    impact: 'none',
    actions: [{ kind: 'write', path: spec.path, content, mode: 0o600, undo: 'restore' }],
  })
  return {
    id: `kubeconfig:${spec.path}`,
    files: [spec.path],
    inputs: [`authority:${spec.authority}`],
    probe: withAuthority(spec.authority, kubeconfigProbe(spec.path)),
    compare(state) {
      if (state.file.kind === 'absent') return change('create', `${server}, ${describe(spec)}`)
      const problems = kubeconfigProblems(state, spec, server, withHostAuthority(options, state))
      if (problems.length > 0) return change('update', problems.join(', '))
      return kubeconfigModes(spec.path, state)
    },
    stale: () => change('update', `the authority ${spec.authority} is new`),
  }
}

/** Reads what is public in a kubeconfig; lines that could hold a key or a token are never printed. */
export function kubeconfigProbe(path: string): {
  script: ReturnType<typeof sh>
  parse(output: string): KubeconfigState
} {
  return {
    script: sh`kw_file ${path} - hide
grep -E '^ *(server|certificate-authority-data|client-certificate-data|client-certificate): ' ${path}
grep -cE '^ *client-key(-data)?: ' ${path}`,
    parse(output) {
      const [file = ''] = output.split('\n', 1)
      const value = (name: string) => new RegExp(`^ *${name}: (.*)$`, 'm').exec(output)?.[1]?.trim()
      const decoded = (name: string) => {
        const text = value(name)
        return text === undefined ? undefined : Buffer.from(text, 'base64').toString('utf8')
      }
      return {
        file: { ...parsePathState(`${file}\n`), sha256: '-' },
        server: value('server'),
        authority: decoded('certificate-authority-data'),
        certificate: decoded('client-certificate-data'),
        certificateFile: value('client-certificate'),
        hasKey: /^[1-9]\d*$/m.test(output.trimEnd().split('\n').at(-1) ?? ''),
      }
    },
  }
}

/** The change for a kubeconfig that others can read. */
export function kubeconfigModes(path: string, { file }: KubeconfigState): Change | undefined {
  if (file.mode === '600' && file.owner === 'root:root') return undefined
  const summary = `kubeconfig ${path}: mode ${file.mode} of ${file.owner} instead of 600 of root:root`
  return { verb: 'update', summary, impact: 'none', actions: [permissions(path, 0o600)] }
}

/** Whether a kubeconfig trusts the authority that was observed. */
export function trusts(state: KubeconfigState, authorityPem: string | undefined): boolean {
  if (authorityPem === undefined) return true
  return state.authority !== undefined && sameCertificates(state.authority, authorityPem)
}

function kubeconfigProblems(
  state: KubeconfigState,
  spec: CertificateSpec,
  server: string,
  options: CertificateOptions,
): readonly string[] {
  if (state.certificate === undefined || !state.hasKey) return ['has no client certificate and key']
  return [
    ...(state.server === server ? [] : [`server ${state.server ?? 'missing'} instead of ${server}`]),
    ...(trusts(state, options.authorityPem) ? [] : ['trusts another authority']),
    ...certificateProblems(state.certificate, spec, options),
  ]
}

function sameCertificates(one: string, other: string): boolean {
  try {
    return readCertificate(one).fingerprint === readCertificate(other).fingerprint
  } catch {
    return false
  }
}
