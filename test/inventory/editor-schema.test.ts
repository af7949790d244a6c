import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { expect, test } from 'vitest'
import { editorSchema } from '../../src/inventory/editor-schema.ts'

const file = join(import.meta.dirname, '../../inventories/schema.json')

test('the schema for editors is that of the program (vitest --update writes it)', async () => {
  const options = { ...(await resolveConfig(file)), parser: 'json' }
  await expect(await format(JSON.stringify(editorSchema()), options)).toMatchFileSnapshot(file)
})

interface SchemaNode {
  readonly description?: string
  readonly properties?: Record<string, SchemaNode>
  readonly items?: SchemaNode
  readonly anyOf?: SchemaNode[]
  readonly additionalProperties?: SchemaNode | boolean
  readonly $defs?: Record<string, SchemaNode>
}

test('every field has a description', () => {
  const silent: string[] = []
  const visit = (node: SchemaNode, path: string) => {
    for (const [name, property] of Object.entries(node.properties ?? {})) {
      if (property.description === undefined) silent.push(`${path}.${name}`)
      visit(property, `${path}.${name}`)
    }
    for (const [name, part] of Object.entries(node.$defs ?? {})) visit(part, name)
    for (const part of node.anyOf ?? []) visit(part, path)
    if (node.items) visit(node.items, `${path}[]`)
    if (typeof node.additionalProperties === 'object') visit(node.additionalProperties, `${path}.*`)
  }
  visit(editorSchema(), '')
  expect(silent).toEqual([])
})

test('editors refuse unknown keys and know the defaults', () => {
  expect(editorSchema()).toMatchObject({
    additionalProperties: false,
    required: ['apiVersion', 'kind', 'metadata', 'spec'],
    properties: {
      spec: {
        additionalProperties: false,
        required: ['kubernetesVersion', 'hosts'],
        properties: { dns: { properties: { replicas: { default: 2 } } }, selinux: { default: 'leave' } },
      },
    },
    $defs: { containerd: { properties: { criSocket: { default: '/run/containerd/containerd.sock' } } } },
  })
})
