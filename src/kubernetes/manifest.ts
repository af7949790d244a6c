import { keepingLast } from '../render/keeping-last.ts'
import { isMapping, parseYamlDocuments, type Mapping } from '../render/yaml.ts'
import { kubernetesObject, type KubernetesObject } from './object.ts'

/** Reads the parts of upstream's manifest of one CNI. What is not where it should be is an error that names it: nothing is guessed. */
export interface ManifestReader {
  /** The objects in the order of the manifest; they are shared, so who edits them copies. */
  objects(text: string): readonly KubernetesObject[]
  mapping(parent: Mapping | KubernetesObject, field: string): Mapping
  mappings(parent: Mapping, field: string): readonly Mapping[]
  texts(parent: Mapping, field: string): readonly string[]
  text(parent: Mapping, field: string, where: string): string
  json(text: string, what: string): Mapping
  /** The error for what is not there. */
  missing(what: string): Error
}

/** A reader whose errors name the CNI: `Flannel`. */
export function manifestReader(cni: string): ManifestReader {
  const source = `the manifest of ${cni}`
  const missing = (what: string) => new Error(`The manifest of ${cni} is not as expected: there should be ${what}.`)
  return {
    objects: keepingLast((text) => parseYamlDocuments(text, source).map((value) => kubernetesObject(value, source))),
    mapping(parent, field) {
      const value = parent[field]
      if (isMapping(value)) return value
      throw missing(`a mapping ${field}`)
    },
    mappings(parent, field) {
      const value = parent[field]
      if (Array.isArray(value) && value.every(isMapping)) return value
      throw missing(`a list of mappings ${field}`)
    },
    texts(parent, field) {
      const value = parent[field]
      if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value
      throw missing(`a list of texts ${field}`)
    },
    text(parent, field, where) {
      const value = parent[field]
      if (typeof value === 'string') return value
      throw missing(`a text ${field} in ${where}`)
    },
    json(text, what) {
      try {
        const value: unknown = JSON.parse(text)
        if (isMapping(value)) return value
      } catch {
        // Said below.
      }
      throw missing(`JSON in ${what}`)
    },
    missing,
  }
}

/** Gives containers the images of the inventory in place of upstream's, which are told apart by their repositories. */
export function imageEdit(
  reader: ManifestReader,
  cni: string,
  images: readonly { readonly upstream: string; readonly wanted: string }[],
): (container: Mapping) => Mapping {
  return (container) => {
    const where = `container ${String(container['name'])}`
    const repository = repositoryOf(reader.text(container, 'image', where))
    const image = images.find(({ upstream }) => repositoryOf(upstream) === repository)
    if (image === undefined) throw reader.missing(`an image of ${cni} in ${where}, not ${repository}`)
    return { ...container, image: image.wanted }
  }
}

function repositoryOf(image: string): string {
  return image.replace(/[:@][^/]*$/, '')
}
