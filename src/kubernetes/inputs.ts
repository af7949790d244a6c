import { createHash } from 'node:crypto'
import type { PlacedFile } from '../inventory/cluster.ts'
import { isMapping, type Mapping } from '../render/yaml.ts'
import type { KubernetesObject } from './object.ts'

/** The annotation with the digest of what a pod reads and does not read again: a change makes a new pod. */
export const inputsAnnotation = 'kubewright.dev/inputs'

/** Digest by path, or by another name, of what a pod reads. */
export type Inputs = Readonly<Record<string, string>>

/** The inventory's files as inputs. */
export function inputsOfFiles(files: readonly PlacedFile[]): Inputs {
  return Object.fromEntries(files.map(({ path, content }) => [path, sha256(content)]))
}

/** ConfigMaps as inputs. */
export function inputsOfConfigMaps(configMaps: readonly KubernetesObject[]): Inputs {
  return Object.fromEntries(configMaps.map(({ metadata, data }) => [metadata.name, sha256(JSON.stringify(data))]))
}

/** The metadata of a pod template of upstream's with the annotation. */
export function withInputs(metadata: unknown, inputs: Inputs): Mapping {
  const present = isMapping(metadata) ? metadata : {}
  const annotations = isMapping(present['annotations']) ? present['annotations'] : {}
  return { ...present, annotations: { ...annotations, [inputsAnnotation]: inputsDigest(inputs) } }
}

/** One digest for a set of inputs, as the annotation holds it; undefined if there are none. */
export function inputsDigest(inputs: Inputs): string | undefined {
  const paths = Object.keys(inputs).toSorted()
  if (paths.length === 0) return undefined
  return `sha256:${sha256(paths.map((path) => `${path}\0${inputs[path]}\n`).join(''))}`
}

/** Hex sha256 of a text. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
