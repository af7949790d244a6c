import { editorSchema } from './editor-schema.ts'
import type { InventoryPath } from './problem.ts'

interface SchemaNode {
  readonly description?: string
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly additionalProperties?: SchemaNode | boolean
  readonly items?: SchemaNode
  readonly anyOf?: readonly SchemaNode[]
}

/** The keys that the schema knows at a path. */
export function knownKeys(path: InventoryPath): string[] {
  return nodesAt(path).flatMap((node) => Object.keys(node.properties ?? {}))
}

/** What the schema says about the value at a path. */
export function descriptionOf(path: InventoryPath): string | undefined {
  return nodesAt(path).find((node) => node.description !== undefined)?.description
}

function nodesAt(path: InventoryPath): SchemaNode[] {
  let nodes: SchemaNode[] = [editorSchema()]
  for (const step of path) nodes = nodes.flatMap(branches).flatMap((node) => childOf(node, step))
  return nodes.flatMap(branches)
}

function branches(node: SchemaNode): SchemaNode[] {
  return node.anyOf ? node.anyOf.flatMap(branches) : [node]
}

function childOf(node: SchemaNode, step: string | number): SchemaNode[] {
  if (typeof step === 'number') return node.items ? [node.items] : []
  const property = Object.hasOwn(node.properties ?? {}, step) ? node.properties?.[step] : undefined
  if (property) return [property]
  return typeof node.additionalProperties === 'object' ? [node.additionalProperties] : []
}
