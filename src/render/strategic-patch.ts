import { isMapping } from './yaml.ts'
import type { Mapping } from './yaml.ts'

/** Lists of objects that Kubernetes merges, with the field that identifies a member; every other list is replaced. */
const mergeKeys: Readonly<Record<string, readonly string[]>> = {
  containers: ['name'],
  initContainers: ['name'],
  ephemeralContainers: ['name'],
  volumes: ['name'],
  env: ['name'],
  imagePullSecrets: ['name'],
  schedulingGates: ['name'],
  resourceClaims: ['name'],
  secrets: ['name'],
  // A container's ports have the first, a service's the second.
  ports: ['containerPort', 'port'],
  volumeMounts: ['mountPath'],
  volumeDevices: ['devicePath'],
  hostAliases: ['ip'],
  topologySpreadConstraints: ['topologyKey'],
}

/** Applies the part of a strategic merge patch that people use: lists merged by key, `$patch: delete` and `replace`, null to delete. */
export function strategicPatch(target: unknown, patch: unknown, path = ''): unknown {
  if (!isMapping(patch)) return patch
  refuseDirectives(patch, path)
  const { $patch: directive, ...fields } = patch
  const result: Mapping = directive !== 'replace' && isMapping(target) ? { ...target } : {}
  for (const [name, value] of Object.entries(fields)) {
    const merged = mergedField(name, result[name], value, `${path}/${name}`)
    if (merged === undefined) delete result[name]
    else result[name] = merged
  }
  return result
}

function mergedField(name: string, target: unknown, patch: unknown, path: string): unknown {
  if (patch === null) return undefined
  if (isMapping(patch) && patch['$patch'] === 'delete') return undefined
  const keys = mergeKeys[name]
  if (Array.isArray(patch) && keys !== undefined) return mergedList(target, patch, keys, path)
  return strategicPatch(target, patch, path)
}

function mergedList(target: unknown, patch: readonly unknown[], keys: readonly string[], path: string): unknown[] {
  const members = patch.map((member) => mappingAt(member, path))
  const replaced = members.some((member) => Object.keys(member).length === 1 && member['$patch'] === 'replace')
  const result: unknown[] = !replaced && Array.isArray(target) ? [...target] : []
  for (const member of members) {
    if (replaced && member['$patch'] === 'replace') continue
    mergeMember(result, member, keys, path)
  }
  return result
}

function mergeMember(list: unknown[], patch: Mapping, keys: readonly string[], path: string): void {
  const key = keys.find((name) => patch[name] !== undefined)
  if (key === undefined) throw new Error(`${path}: a member of the list needs ${keys.join(' or ')}`)
  const identity = patch[key]
  const at = list.findIndex((member) => isMapping(member) && member[key] === identity)
  if (patch['$patch'] === 'delete') {
    if (at >= 0) list.splice(at, 1)
    return
  }
  const merged = strategicPatch(at >= 0 ? list[at] : {}, patch, `${path}/${String(identity)}`)
  list.splice(at >= 0 ? at : list.length, at >= 0 ? 1 : 0, merged)
}

function mappingAt(member: unknown, path: string): Mapping {
  if (isMapping(member)) return member
  throw new Error(`${path}: a member of the list is not a mapping`)
}

// kubectl knows more of them; to ignore one silently would change the meaning of the patch.
function refuseDirectives(patch: Mapping, path: string): void {
  for (const [name, value] of Object.entries(patch)) {
    const known = name === '$patch' && ['delete', 'replace', 'merge'].includes(String(value))
    if (name.startsWith('$') && !known) {
      throw new Error(`${path}/${name}: this directive is not supported; use a merge or a json patch`)
    }
  }
}
