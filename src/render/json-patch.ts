import { isDeepStrictEqual } from 'node:util'
import { isMapping } from './yaml.ts'

type Operation = Readonly<Record<string, unknown>>

/** Applies RFC 6902 operations; the document is changed in place, and what is returned replaces it. */
export function jsonPatch(document: unknown, operations: readonly unknown[]): unknown {
  // A holder lets the empty pointer, the whole document, be a member like any other.
  const holder = { document }
  for (const operation of operations) {
    if (!isMapping(operation)) throw new Error('an operation is not a mapping')
    applyOperation(holder, operation)
  }
  return holder.document
}

function applyOperation(holder: object, operation: Operation): void {
  const { op, value } = operation
  const path = pointer(operation, 'path')
  if (op === 'add') return add(holder, path, structuredClone(value))
  if (op === 'remove') return remove(holder, path)
  if (op === 'replace') {
    remove(holder, path)
    return add(holder, path, structuredClone(value))
  }
  if (op === 'test') {
    if (isDeepStrictEqual(get(holder, path), value)) return
    throw new Error(`test ${path}: the value is another one`)
  }
  const from = pointer(operation, 'from')
  const moved = structuredClone(get(holder, from))
  if (op === 'move') remove(holder, from)
  else if (op !== 'copy') throw new Error(`${String(op)} ${path}: no such operation`)
  add(holder, path, moved)
}

function pointer(operation: Operation, field: 'path' | 'from'): string {
  const text = operation[field]
  if (typeof text === 'string' && (text === '' || text.startsWith('/'))) return text
  throw new Error(`${field} ${JSON.stringify(text)}: not a JSON pointer`)
}

function get(holder: object, path: string): unknown {
  return tokens(path).reduce((parent: unknown, token) => member(parent, token, path), holder)
}

function add(holder: object, path: string, value: unknown): void {
  const { parent, token } = place(holder, path)
  if (!Array.isArray(parent)) parent[token] = value
  else parent.splice(token === '-' ? parent.length : index(parent, token, parent.length, path), 0, value)
}

function remove(holder: object, path: string): void {
  const { parent, token } = place(holder, path)
  member(parent, token, path)
  if (Array.isArray(parent)) parent.splice(Number(token), 1)
  else delete parent[token]
}

function place(holder: object, path: string): { parent: Record<string, unknown> | unknown[]; token: string } {
  const all = tokens(path)
  const parent = all.slice(0, -1).reduce((value: unknown, token) => member(value, token, path), holder)
  if (!Array.isArray(parent) && !isMapping(parent))
    throw new Error(`${path}: its parent is neither a mapping nor a list`)
  return { parent, token: all.at(-1) ?? '' }
}

function member(parent: unknown, token: string, path: string): unknown {
  if (Array.isArray(parent)) return parent[index(parent, token, parent.length - 1, path)]
  if (isMapping(parent) && Object.hasOwn(parent, token)) return parent[token]
  throw new Error(`${path}: there is no ${token}`)
}

function index(list: readonly unknown[], token: string, last: number, path: string): number {
  if (/^(?:0|[1-9]\d*)$/.test(token) && Number(token) <= last) return Number(token)
  throw new Error(`${path}: ${token} is no index of a list of ${list.length}`)
}

function tokens(path: string): readonly string[] {
  const rest = path === '' ? [] : path.slice(1).split('/')
  return ['document', ...rest.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))]
}
