import { parseAllDocuments, parseDocument, stringify } from 'yaml'
import type { Document } from 'yaml'

/** A YAML or JSON mapping. */
export type Mapping = Record<string, unknown>

/** Tells a mapping from lists, texts, numbers and null. */
export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Reads one YAML document that is a mapping; `source` names it in errors. */
export function parseYaml(text: string, source: string): Mapping {
  return mappingOf(valueOf(parseDocument(text, { uniqueKeys: true }), source), source)
}

/** Reads a file of several YAML documents, each a mapping; empty ones are left out. */
export function parseYamlDocuments(text: string, source: string): readonly Mapping[] {
  const documents = parseAllDocuments(text, { uniqueKeys: true })
  // Without any content `yaml` answers an object that is no list.
  if (!Array.isArray(documents)) return []
  return documents.flatMap((document, index) => {
    const value = valueOf(document, `${source}, document ${index + 1}`)
    return value === null ? [] : [mappingOf(value, `${source}, document ${index + 1}`)]
  })
}

/** Prints an object as YAML: several lines of text as a block, nothing folded, no aliases. */
export function printYaml(object: object): string {
  return stringify(object, {
    lineWidth: 0,
    aliasDuplicateObjects: false,
    // Go's readers follow YAML 1.1, where a plain `on`, `0644` or `1_000` is not the text that we mean.
    compat: 'yaml-1.1',
    indentSeq: false,
  })
}

function valueOf(document: Document.Parsed, source: string): unknown {
  const [error] = document.errors
  if (error !== undefined) throw new Error(`${source}: ${error.message}`)
  return document.toJS()
}

function mappingOf(value: unknown, source: string): Mapping {
  if (!isMapping(value)) throw new Error(`${source}: expected a mapping`)
  return value
}
