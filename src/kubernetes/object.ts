import { isMapping } from '../render/yaml.ts'
import type { Mapping } from '../render/yaml.ts'

/** A Kubernetes object as plain data. */
export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMeta
  readonly [field: string]: unknown
}

/** The part of an object's metadata that we write. */
export interface ObjectMeta {
  readonly name: string
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

/** Takes what a template or a manifest gave as a Kubernetes object; `source` names it in errors. */
export function kubernetesObject(value: Mapping, source: string): KubernetesObject {
  const { apiVersion, kind, metadata } = value
  const named = isMapping(metadata) && typeof metadata['name'] === 'string'
  if (typeof apiVersion === 'string' && typeof kind === 'string' && named) return value as unknown as KubernetesObject
  throw new Error(`${source}: not a Kubernetes object: apiVersion, kind or metadata.name is missing`)
}

/** `ConfigMap kube-system/kube-proxy`. */
export function objectName({ kind, metadata }: KubernetesObject): string {
  return metadata.namespace === undefined
    ? `${kind} ${metadata.name}`
    : `${kind} ${metadata.namespace}/${metadata.name}`
}

/** Puts what others need first: namespaces, then definitions; the rest stays in its order. */
export function inApplyOrder(objects: readonly KubernetesObject[]): readonly KubernetesObject[] {
  const first = ['Namespace', 'CustomResourceDefinition']
  const rank = ({ kind }: KubernetesObject) => (first.includes(kind) ? first.indexOf(kind) : first.length)
  return objects.toSorted((one, other) => rank(one) - rank(other))
}
