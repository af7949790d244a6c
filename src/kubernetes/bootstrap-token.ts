import { Secret } from '../transport/command.ts'
import { kubernetesObject } from './object.ts'
import type { KubernetesObject } from './object.ts'
import { renderYaml } from '../render/template.ts'

/** The group whose members kubeadm's bindings let join. */
export const defaultTokenGroup = 'system:bootstrappers:kubeadm:default-node-token'

export interface BootstrapToken {
  /** Six of `[a-z0-9]`; public. */
  readonly id: string
  /** Sixteen of `[a-z0-9]`. */
  readonly secret: Secret
  readonly expiration: Date
  readonly description: string
  /** Each begins with `system:bootstrappers:`; kubeadm's group by default. */
  readonly groups?: readonly string[]
}

/** A Kubernetes Secret: what may be shown of it, and the manifest (JSON) for kubectl's stdin. */
export interface SecretObject {
  /** Without the secret itself. */
  readonly object: KubernetesObject
  readonly manifest: Secret
}

/** The Secret of a bootstrap token as kubeadm makes it. */
export function bootstrapTokenSecret(token: BootstrapToken): SecretObject {
  const { id, secret, expiration, description, groups = [defaultTokenGroup] } = token
  // The pattern of cluster-bootstrap; the name of the Secret has to match the id.
  if (!/^[a-z0-9]{6}$/.test(id))
    throw new Error(`${JSON.stringify(id)} is no id of a bootstrap token: expected [a-z0-9]{6}`)
  if (!/^[a-z0-9]{16}$/.test(secret.reveal())) throw new Error('a bootstrap token has a secret of [a-z0-9]{16}')
  const rendered = renderYaml('bootstrap/bootstrap-token.yaml', {
    name: `bootstrap-token-${id}`,
    id: base64(id),
    description: base64(description),
    // Go's RFC 3339 has no fraction of a second.
    expiration: base64(expiration.toISOString().replace(/\.\d+Z$/, 'Z')),
    groups: base64(groups.join(',')),
    yes: base64('true'),
  })
  const object = kubernetesObject(rendered, 'template bootstrap/bootstrap-token.yaml')
  const data = { ...(object['data'] as object), 'token-secret': base64(secret.reveal()) }
  return { object, manifest: new Secret(JSON.stringify({ ...object, data })) }
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}
