import type { Action, Change, Deferred, Resource } from '../engine/resource.ts'
import type { CertificateSpec } from '../pki/certificates.ts'
import { kubeletClientFile, renderKubeletKubeconfig } from '../pki/kubeconfig.ts'
import { lines, Secret, sh } from '../transport/command.ts'
import {
  certificateProblems,
  describe,
  issuedPair,
  newKey,
  withHostAuthority,
  type CertificateOptions,
} from './certificate.ts'
import { kubeconfigModes, kubeconfigProbe, trusts, type KubeconfigState } from './kubeconfig.ts'
import { withAuthority, type Signed } from './pem.ts'

/** The kubelet's present client certificate (public) and its kubeconfig. */
export interface KubeletClientState {
  readonly certificate: string | undefined
  readonly kubeconfig: KubeconfigState
}

export const kubeletKubeconfig = '/etc/kubernetes/kubelet.conf'

/** Reads the certificate out of the kubelet's file, which holds the key as well, and the public part of its kubeconfig. */
export function kubeletClientProbe(): Resource<KubeletClientState>['probe'] {
  const inner = kubeconfigProbe(kubeletKubeconfig)
  const boundary = '=kubeconfig='
  return {
    script: lines(
      sh`sed -n '/-----BEGIN CERTIFICATE-----/,/-----END CERTIFICATE-----/p' ${kubeletClientFile}`,
      sh`echo ${boundary}`,
      inner.script,
    ),
    parse(output) {
      const [certificate = '', kubeconfig = ''] = output.split(`${boundary}\n`)
      return { certificate: certificate === '' ? undefined : certificate, kubeconfig: inner.parse(kubeconfig) }
    },
  }
}

/** Why a kubelet cannot go on with the client certificate that it has; empty when it can. */
export function kubeletClientProblems(
  state: KubeletClientState,
  spec: CertificateSpec,
  server: string,
  options: CertificateOptions,
): { readonly certificate: readonly string[]; readonly kubeconfig: readonly string[] } {
  return {
    certificate:
      state.certificate === undefined ? ['is missing'] : certificateProblems(state.certificate, spec, options),
    kubeconfig: [
      ...(state.kubeconfig.file.kind === 'file' ? [] : ['is missing']),
      ...(state.kubeconfig.server === server
        ? []
        : [`server ${state.kubeconfig.server ?? 'missing'} instead of ${server}`]),
      ...(trusts(state.kubeconfig, options.authorityPem) ? [] : ['trusts another authority']),
    ],
  }
}

/** A client certificate issued by us in the place where the kubelet keeps and rotates it, and the kubeconfig that points there. */
export function kubeletClient(
  spec: CertificateSpec,
  server: string,
  options: CertificateOptions,
): Resource<Signed<KubeletClientState>> {
  const change = (state: Signed<KubeletClientState> | undefined): Change | undefined => {
    const problems =
      state === undefined
        ? { certificate: ['the authority is new'], kubeconfig: ['the authority is new'] }
        : kubeletClientProblems(state, spec, server, withHostAuthority(options, state))
    const actions = [
      ...(problems.certificate.length > 0 ? certificateActions(spec, options) : []),
      ...(problems.kubeconfig.length > 0 ? [kubeconfigAction(spec, server, options)] : []),
    ]
    if (actions.length === 0)
      return state === undefined ? undefined : kubeconfigModes(kubeletKubeconfig, state.kubeconfig)
    const isNew = state !== undefined && state.certificate === undefined
    const why = isNew ? describe(spec) : [...new Set([...problems.certificate, ...problems.kubeconfig])].join(', ')
    return { verb: isNew ? 'create' : 'update', summary: `kubelet client certificate: ${why}`, impact: 'none', actions }
  }
  return {
    id: 'kubelet-client',
    inputs: [`authority:${spec.authority}`],
    probe: withAuthority(spec.authority, kubeletClientProbe()),
    compare: (state) => change(state),
    stale: () => change(undefined) as Change,
    digest: ({ certificate, kubeconfig }) => ({
      certificate,
      server: kubeconfig.server,
      authority: kubeconfig.authority,
    }),
  }
}

/** The kubelet demands a dated file behind a symbolic link. */
function certificateActions(spec: CertificateSpec, options: CertificateOptions): readonly Action[] {
  const dated = options.now.toISOString().slice(0, 19).replaceAll(/[T:]/g, '-')
  const path = kubeletClientFile.replace('current', dated)
  const content: Deferred<Secret> = {
    kind: 'deferred',
    description: 'client certificate and key of the kubelet, known after apply',
    async resolve(context) {
      const { certificate, key } = await issuedPair(spec, undefined, options, context)
      return new Secret(`${certificate}${key.reveal()}`)
    },
    ahead: async (context) => newKey(spec, options, context),
  }
  return [
    { kind: 'write', path, content, mode: 0o600, undo: 'restore' },
    { kind: 'link', path: kubeletClientFile, target: path, undo: 'restore' },
  ]
}

function kubeconfigAction(spec: CertificateSpec, server: string, options: CertificateOptions): Action {
  const content: Deferred<Secret> = {
    kind: 'deferred',
    description: 'kubeconfig of the kubelet, known after apply',
    async resolve(context) {
      const { certificate: caPem } = await options.signer(spec.authority, context)
      return renderKubeletKubeconfig({ server, caPem, nodeName: options.host })
    },
  }
  return { kind: 'write', path: kubeletKubeconfig, content, mode: 0o600, undo: 'restore' }
}
