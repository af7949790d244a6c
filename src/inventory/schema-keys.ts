import { editorSchema } from './editor-schema.ts'
import type { InventoryPath } from './problem.ts'

interface SchemaNode {
  readonly description?: string
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly additionalProperties?: SchemaNode | boolean
  readonly items?: SchemaNode
  readonly anyOf?: readonly SchemaNode[]
  /** `#/$defs/name` */
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, SchemaNode>>
}

/** The keys that the schema knows at a path. */
export function knownKeys(path: InventoryPath): string[] {
  return nodesAt(path).flatMap((node) => Object.keys(node.properties ?? {}))
}

/** What the schema says about the value at a path, or about what it is a part of. */
export function descriptionOf(path: InventoryPath): string {
  const own = nodesAt(path).find((node) => node.description !== undefined)?.description
  return own ?? (path.length === 0 ? '' : descriptionOf(path.slice(0, -1)))
}

let cachedRoot: SchemaNode | undefined

/** Made when the first problem needs it: an inventory without problems never does. */
function schemaRoot(): SchemaNode {
  cachedRoot ??= editorSchema()
  return cachedRoot
}

function nodesAt(path: InventoryPath): SchemaNode[] {
  const root = schemaRoot()
  const branches = (node: SchemaNode): SchemaNode[] => {
    const name = node.$ref?.replace('#/$defs/', '')
    const named = name === undefined ? undefined : root.$defs?.[name]
    return [node, ...(named ? branches(named) : []), ...(node.anyOf ?? []).flatMap(branches)]
  }
  return path.reduce<SchemaNode[]>(
    (nodes, step) => nodes.flatMap((node) => childOf(node, step)).flatMap(branches),
    branches(root),
  )
}

function childOf(node: SchemaNode, step: string | number): SchemaNode[] {
  if (typeof step === 'number') return node.items ? [node.items] : []
  const property = Object.hasOwn(node.properties ?? {}, step) ? node.properties?.[step] : undefined
  if (property) return [property]
  return typeof node.additionalProperties === 'object' ? [node.additionalProperties] : []
}
