import { z } from 'zod'
import { inventorySchema } from './schema.ts'

/** The JSON schema of inventories, for editors that complete and check YAML. */
export function editorSchema(): object {
  const { $schema, ...schema } = z.toJSONSchema(inventorySchema, { io: 'input' })
  return { $schema, title: 'Kubewright inventory', ...schema }
}
