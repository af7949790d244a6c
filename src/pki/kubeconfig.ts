import { parseDocument, stringify } from 'yaml'
import { Secret } from '../transport/command.ts'
import { PkiError } from './errors.ts'

/** The kubelet's rotating client certificate and key, in one file. */
export const kubeletClientFile = '/var/lib/kubelet/pki/kubelet-client-current.pem'

/** How a kubeconfig's user proves himself; `certificateFile` holds certificate and key. */
export type KubeconfigCredential =
  | { readonly certificatePem: string; readonly key: Secret }
  | { readonly certificateFile: string }
  | { readonly token: Secret }

/** What goes into a kubeconfig with one cluster, one user and one context. */
export type KubeconfigContents = {
  /** Default `kubernetes`, as kubeadm. */
  readonly clusterName?: string
  readonly server: string
  readonly caPem: string
  readonly user: string
  /** Default `<user>@<cluster>`. */
  readonly contextName?: string
  readonly namespace?: string
} & KubeconfigCredential

/** What the current context of a kubeconfig says. */
export interface KubeconfigFacts {
  readonly clusterName: string
  readonly contextName: string
  readonly user: string
  readonly server: string
  readonly caPem: string | undefined
  readonly caFile: string | undefined
  readonly certificatePem: string | undefined
  readonly certificateFile: string | undefined
  readonly key: Secret | undefined
}

/** Writes a kubeconfig as kubeadm does: the same shape, names and order of keys. */
export function renderKubeconfig(contents: KubeconfigContents): Secret {
  const { clusterName = 'kubernetes', server, caPem, user, namespace } = contents
  const { contextName = `${user}@${clusterName}` } = contents
  const context = { cluster: clusterName, ...(namespace === undefined ? {} : { namespace }), user }
  const kubeconfig = {
    apiVersion: 'v1',
    clusters: [{ cluster: { 'certificate-authority-data': base64(caPem), server }, name: clusterName }],
    contexts: [{ context, name: contextName }],
    'current-context': contextName,
    kind: 'Config',
    users: [{ name: user, user: credential(contents) }],
  }
  // Go reads YAML 1.1, where a cluster named `no` must be quoted.
  return new Secret(stringify(kubeconfig, { version: '1.1', indentSeq: false, lineWidth: 0 }))
}

/** `kubelet.conf` as `kubeadm init` leaves it: the node's own name, the rotating certificate's file. */
export function renderKubeletKubeconfig(contents: {
  readonly server: string
  readonly caPem: string
  readonly nodeName: string
}): Secret {
  const { server, caPem, nodeName } = contents
  return renderKubeconfig({ server, caPem, user: `system:node:${nodeName}`, certificateFile: kubeletClientFile })
}

/** `kubelet.conf` as the kubelet writes it after its TLS bootstrap, which is what `kubeadm join` leaves. */
export function renderJoinedKubeletKubeconfig(contents: { readonly server: string; readonly caPem: string }): Secret {
  return renderKubeconfig({
    ...contents,
    clusterName: 'default-cluster',
    user: 'default-auth',
    contextName: 'default-context',
    namespace: 'default',
    certificateFile: kubeletClientFile,
  })
}

/** `bootstrap-kubelet.conf` as `kubeadm join` writes it. */
export function renderBootstrapKubeconfig(contents: {
  readonly server: string
  readonly caPem: string
  readonly token: Secret
}): Secret {
  return renderKubeconfig({ ...contents, user: 'tls-bootstrap-token-user' })
}

/** Reads the current context of a kubeconfig; throws {@link PkiError}, without quoting it, if it is none. */
export function readKubeconfig(text: string): KubeconfigFacts {
  const kubeconfig = parsed(text)
  const contextName = required(kubeconfig['current-context'], 'current-context')
  const context = named(kubeconfig['contexts'], contextName, 'context')
  const clusterName = required(context['cluster'], 'cluster of the context')
  const user = required(context['user'], 'user of the context')
  const cluster = named(kubeconfig['clusters'], clusterName, 'cluster')
  const credentials = named(kubeconfig['users'], user, 'user')
  const key = decoded(credentials['client-key-data'])
  return {
    clusterName,
    contextName,
    user,
    server: required(cluster['server'], 'server'),
    caPem: decoded(cluster['certificate-authority-data']),
    caFile: textOf(cluster['certificate-authority']),
    certificatePem: decoded(credentials['client-certificate-data']),
    certificateFile: textOf(credentials['client-certificate']),
    key: key === undefined ? undefined : new Secret(key),
  }
}

type Mapping = Readonly<Record<string, unknown>>

function credential(contents: KubeconfigCredential): Mapping {
  if ('token' in contents) return { token: contents.token.reveal() }
  if ('certificateFile' in contents) {
    return { 'client-certificate': contents.certificateFile, 'client-key': contents.certificateFile }
  }
  return {
    'client-certificate-data': base64(contents.certificatePem),
    'client-key-data': base64(contents.key.reveal()),
  }
}

// yaml's own errors quote the line, and the line may be a key.
function parsed(text: string): Mapping {
  const value = parsedValue(text)
  if (!isMapping(value)) throw new PkiError('the kubeconfig is not a mapping')
  return value
}

function parsedValue(text: string): unknown {
  try {
    const document = parseDocument(text, { logLevel: 'silent' })
    if (document.errors.length === 0) return document.toJS()
  } catch {
    // An alias without anchor, or too many of them.
  }
  throw new PkiError('the kubeconfig is not YAML')
}

// `clusters`, `contexts` and `users` are lists of { name, <kind>: { ... } }.
function named(list: unknown, name: string, kind: 'cluster' | 'context' | 'user'): Mapping {
  const entry = Array.isArray(list) ? list.filter(isMapping).find((each) => each['name'] === name) : undefined
  const value = entry?.[kind]
  if (!isMapping(value)) throw new PkiError(`the kubeconfig has no ${kind} ${JSON.stringify(name)}`)
  return value
}

function required(value: unknown, what: string): string {
  const text = textOf(value)
  if (text === undefined) throw new PkiError(`the kubeconfig has no ${what}`)
  return text
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function decoded(value: unknown): string | undefined {
  const text = textOf(value)
  return text === undefined ? undefined : Buffer.from(text, 'base64').toString('utf8')
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
