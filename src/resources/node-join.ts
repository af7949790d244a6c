import { randomInt } from 'node:crypto'
import type { Action, Change, Deferred, Resolving, Resource } from '../engine/resource.ts'
import { bootstrapTokenSecret } from '../kubernetes/bootstrap-token.ts'
import type { CertificateSpec } from '../pki/certificates.ts'
import { renderBootstrapKubeconfig } from '../pki/kubeconfig.ts'
import { Secret, sh } from '../transport/command.ts'
import type { ApiAccess } from './api-object.ts'
import type { CertificateOptions } from './certificate.ts'
import type { FilesResource } from './file.ts'
import { kubeconfigModes } from './kubeconfig.ts'
import {
  kubeletClientProblems,
  kubeletClientProbe,
  kubeletKubeconfig,
  type KubeletClientState,
} from './kubelet-client.ts'

/** Description of the bootstrap tokens that we make; those that a crash leaves behind are swept by it. */
export const joinTokenDescription = 'kubewright: join of'

const bootstrapKubeconfig = '/etc/kubernetes/bootstrap-kubelet.conf'

export interface JoinOptions {
  readonly spec: CertificateSpec
  /** The URL by which the kubelet reaches the API. */
  readonly server: string
  readonly certificate: CertificateOptions
  /** The control plane on which the token is made and deleted. */
  readonly api: ApiAccess & { readonly host: string }
  /** What the kubelet reads when it starts. */
  readonly inputs: readonly FilesResource[]
}

/** A worker's membership: its kubelet has a client certificate by TLS bootstrap, with a token that lives only for the join. */
export function nodeJoin(options: JoinOptions): Resource<KubeletClientState> {
  const { spec, server, certificate } = options
  return {
    id: 'node-join',
    inputs: [`file:/etc/kubernetes/pki/${spec.authority}.crt`],
    probe: kubeletClientProbe(),
    compare(state): Change | undefined {
      const problems = kubeletClientProblems(state, spec, server, certificate)
      const all = [...problems.certificate, ...problems.kubeconfig]
      if (all.length === 0) return kubeconfigModes(kubeletKubeconfig, state.kubeconfig)
      const isNew = state.certificate === undefined
      return {
        verb: isNew ? 'create' : 'update',
        summary: isNew
          ? `join ${certificate.host} by TLS bootstrap with a token that is deleted after it`
          : `join ${certificate.host} again: ${all.join(', ')}`,
        impact: isNew ? 'none' : 'restart',
        actions: joinActions(options),
      }
    },
    digest: ({ certificate: pem, kubeconfig }) => ({ pem, server: kubeconfig.server, authority: kubeconfig.authority }),
  }
}

function joinActions({ api, server, certificate, inputs, spec }: JoinOptions): readonly Action[] {
  const { host } = certificate
  const paths = inputs.flatMap((input) => input.files)
  const manifest: Deferred<Secret> = {
    kind: 'deferred',
    description: 'bootstrap token, known after apply',
    async resolve(context) {
      const { id, secret } = await joinToken(host, context)
      const expiration = new Date(context.now.getTime() + 15 * 60_000)
      return bootstrapTokenSecret({ id, secret, expiration, description: `${joinTokenDescription} ${host}` }).manifest
    },
  }
  const kubeconfig: Deferred<Secret> = {
    kind: 'deferred',
    description: 'bootstrap kubeconfig, known after apply',
    async resolve(context) {
      const [{ id, secret }, { certificate: caPem }] = await Promise.all([
        joinToken(host, context),
        certificate.signer(spec.authority, context),
      ])
      return renderBootstrapKubeconfig({ server, caPem, token: new Secret(`${id}.${secret.reveal()}`) })
    },
  }
  const create = sh`kw_kubectl ${api.server} create -f - >/dev/null`
  const forget = sh`kw_kubectl ${api.server} delete --ignore-not-found --wait=false -f - >/dev/null`
  return [
    { kind: 'run', host: api.host, command: create, input: manifest, undo: 'inverse' },
    // What an earlier cluster or authority left would keep the kubelet from asking for a new certificate.
    { kind: 'run', command: sh`rm -f ${kubeletKubeconfig} /var/lib/kubelet/pki/kubelet-client-*.pem`, undo: 'none' },
    { kind: 'write', path: bootstrapKubeconfig, content: kubeconfig, mode: 0o600, undo: 'restore' },
    {
      kind: 'run',
      command: sh`kw_start restart kubelet.service "$(kw_inputs ${paths})" && kw_joined 480`,
      undo: 'inverse',
    },
    { kind: 'remove', path: bootstrapKubeconfig, undo: 'none' },
    { kind: 'run', host: api.host, command: forget, input: manifest, undo: 'none' },
  ]
}

/** Deletes the bootstrap tokens that joins have left. */
function sweepCommand({ server }: ApiAccess) {
  return sh`${listTokens(server)} | while read -r kw_name kw_text; do
case $(printf '%s' "$kw_text" | base64 -d) in ${joinTokenDescription}*) kw_kubectl ${server} -n kube-system delete secret "$kw_name" --ignore-not-found >/dev/null ;; esac
done`
}

/** Names of the bootstrap tokens with their description in base64. */
function listTokens(server: string) {
  const fields = '{range .items[*]}{.metadata.name} {.data.description}{"\\n"}{end}'
  return sh`kw_kubectl ${server} -n kube-system get secrets --field-selector type=bootstrap.kubernetes.io/token -o jsonpath=${fields} --request-timeout=10s`
}

/** Join tokens that a crash has left behind go. */
export function sweptTokens(api: ApiAccess): Resource<readonly string[]> {
  return {
    id: 'join-tokens',
    probe: {
      script: sh`[ -e /etc/kubernetes/admin.conf ] && ${listTokens(api.server)}`,
      parse: (output) =>
        output.split('\n').flatMap((line) => {
          const [name = '', text = ''] = line.split(' ')
          return Buffer.from(text, 'base64').toString('utf8').startsWith(joinTokenDescription) ? [name] : []
        }),
    },
    compare(names): Change | undefined {
      if (names.length === 0) return undefined
      const command = sweepCommand(api)
      const summary = `delete ${names.length} join token${names.length === 1 ? '' : 's'} that an earlier run left`
      return { verb: 'delete', summary, impact: 'none', actions: [{ kind: 'run', command, undo: 'none' }] }
    },
  }
}

function joinToken(host: string, context: Resolving): Promise<{ id: string; secret: Secret }> {
  return context.once(`join token ${host}`, () =>
    Promise.resolve({ id: randomText(6), secret: new Secret(randomText(16)) }),
  )
}

function randomText(length: number): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789'
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('')
}
