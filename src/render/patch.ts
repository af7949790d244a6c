import type { Patch } from '../inventory/cluster.ts'
import { jsonPatch } from './json-patch.ts'
import { strategicPatch } from './strategic-patch.ts'
import { isMapping } from './yaml.ts'
import type { Mapping } from './yaml.ts'

/** Applies the inventory's patches in their order; `where` names the list in errors: `spec.apiServer.patches`. */
export function applyPatches<Target extends object>(
  object: Target,
  patches: readonly Patch[],
  where = 'patches',
): Target {
  let result: unknown = structuredClone(object)
  for (const [index, patch] of patches.entries()) {
    result = applyPatch(result, patch, `${where}[${index}]`)
  }
  return result as Target
}

/** Merges as RFC 7386 says: mappings member by member, null deletes, everything else replaces. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isMapping(patch)) return patch
  const result: Mapping = isMapping(target) ? { ...target } : {}
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name]
    else result[name] = mergePatch(result[name], value)
  }
  return result
}

/** {@link mergePatch} for two mappings. */
export function merged(target: Mapping, patch: Readonly<Mapping>): Mapping {
  return mergePatch(target, patch) as Mapping
}

function applyPatch(object: unknown, { type, patch }: Patch, where: string): unknown {
  try {
    const result = patched(object, type, structuredClone(patch))
    if (isMapping(result)) return result
    throw new Error('what is left is not a mapping')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`${where} (${type}): ${reason}`, { cause: error })
  }
}

function patched(object: unknown, type: Patch['type'], patch: unknown): unknown {
  if (type === 'json') {
    if (!Array.isArray(patch)) throw new Error('expected a list of operations')
    return jsonPatch(object, patch)
  }
  if (!isMapping(patch)) throw new Error('expected a mapping')
  return type === 'merge' ? mergePatch(object, patch) : strategicPatch(object, patch)
}
