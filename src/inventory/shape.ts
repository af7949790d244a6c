import type { z } from 'zod'
import type { InventoryCode } from './codes.ts'
import { nearest } from './nearest.ts'
import type { Finding, InventoryPath } from './problem.ts'
import { descriptionOf, knownKeys } from './schema-keys.ts'

type Issue = z.core.$ZodIssue

/** How a scalar is written in the file, for messages about what YAML made of it. */
export type WrittenAs = (path: InventoryPath) => string | undefined

/** What an issue of the schema means to the author of the inventory. */
export function shapeFindings(issue: Issue, written: WrittenAs, above: InventoryPath = []): Finding[] {
  const path = [...above, ...(issue.path as (string | number)[])]
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey([...path, key], key))
    case 'invalid_type':
      return [wrongType(issue, path, written)]
    case 'invalid_value':
      return [wrongWord(path, issue)]
    case 'invalid_key':
      return [wrongKey(path, issue)]
    case 'invalid_union':
      return unionFindings(issue, path, written)
    case 'custom':
      return [customFinding(issue, path)]
    default:
      return [{ code: 'KW1014', path, message: withInput(issue.message, issue.input), hint: descriptionOf(path) }]
  }
}

const secretKey = /password|passphrase|secret|token|privatekey/i

function unknownKey(path: InventoryPath, key: string): Finding {
  const at = 'key'
  const known = knownKeys(path.slice(0, -1))
  const parent = path.at(-2)
  if (secretKey.test(key)) {
    const hint =
      parent === 'credentials'
        ? 'name the file or the variable that holds it: passwordFile or passwordEnv'
        : 'hosts are reached by an SSH agent or a key (identityFile) and password-less sudo'
    return { code: 'KW1017', path, at, message: `${quote(key)} would be a secret, and the inventory holds none`, hint }
  }
  const near = nearest(key, known)
  const elsewhere = near === undefined && path.length === 1 && knownKeys(['spec']).includes(key)
  const others = `known here: ${known.join(', ')}`
  const hint = elsewhere ? `move it below spec` : near === undefined ? others : `did you mean ${quote(near)}?`
  return { code: 'KW1010', path, at, message: `unknown key ${quote(key)}`, hint }
}

function wrongKey(path: InventoryPath, issue: z.core.$ZodIssueInvalidKey): Finding {
  const message = withInput(issue.issues[0]?.message ?? 'wrong key', path.at(-1))
  return { code: 'KW1014', path, at: 'key', message, hint: descriptionOf(path.slice(0, -1)) }
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
}

function wrongType(issue: z.core.$ZodIssueInvalidType, path: InventoryPath, written: WrittenAs): Finding {
  const { input, expected } = issue
  if (path.length === 0) {
    const message =
      input === null || input === undefined ? 'the file is empty' : `the file holds ${nameOf(input)}, not a map`
    return { code: 'KW1004', path, message, hint: 'an inventory starts with apiVersion: kubewright/v1alpha1' }
  }
  if (input === undefined) return { code: 'KW1011', path, message: 'is missing', hint: descriptionOf(path) }
  const wanted = typeNames[expected] ?? expected
  if (input === null) {
    return {
      code: 'KW1012',
      path,
      message: `expected ${wanted}, got nothing`,
      hint: 'give it a value, or remove the key',
    }
  }
  const source = written(path)
  if (expected === 'string' && source !== undefined && ['number', 'boolean'].includes(typeof input)) {
    const message = `expected a string, but YAML reads ${source} as ${source === JSON.stringify(input) ? `a ${typeof input}` : `the ${typeof input} ${JSON.stringify(input)}`}`
    return { code: 'KW1015', path, message, hint: quotingHint(path, source) }
  }
  return { code: 'KW1012', path, message: `expected ${wanted}, got ${nameOf(input)}`, hint: descriptionOf(path) }
}

function quotingHint(path: InventoryPath, source: string): string {
  const quoted = `write it in quotes: "${source}"`
  return path.at(-1) === 'kubernetesVersion'
    ? `write it in quotes and with its patch version, such as "${source}.0"`
    : quoted
}

function nameOf(input: unknown): string {
  if (input === null || input === undefined) return 'nothing'
  if (Array.isArray(input)) return 'a list'
  if (typeof input === 'object') return 'a map'
  return typeof input === 'string' ? `the string ${quote(input)}` : `the ${typeof input} ${JSON.stringify(input)}`
}

function wrongWord(path: InventoryPath, issue: z.core.$ZodIssueInvalidValue): Finding {
  const { input } = issue
  if (input === undefined) return { code: 'KW1011', path, message: 'is missing', hint: descriptionOf(path) }
  const near = typeof input === 'string' ? nearest(input, issue.values.map(String)) : undefined
  const code: InventoryCode = path.length === 1 ? 'KW1004' : 'KW1013'
  const words = issue.values.map(quote).join(', ')
  const message = withInput(issue.values.length === 1 ? `expected ${words}` : `expected one of ${words}`, input)
  return { code, path, message, hint: near === undefined ? descriptionOf(path) : `did you mean ${quote(near)}?` }
}

function isOtherType(errors: readonly Issue[]): boolean {
  return errors.some(({ code, path }) => code === 'invalid_type' && path.length === 0)
}

function unionFindings(issue: z.core.$ZodIssueInvalidUnion, path: InventoryPath, written: WrittenAs): Finding[] {
  const meant = issue.errors.find((errors) => !isOtherType(errors))
  if (meant) return meant.flatMap((inner) => shapeFindings(inner, written, path))
  const wanted = issue.errors.flatMap(([first]) =>
    first?.code === 'invalid_type' ? [typeNames[first.expected] ?? first.expected] : [],
  )
  return [
    {
      code: 'KW1012',
      path,
      message: `expected ${wanted.join(' or ')}, got ${nameOf(issue.input)}`,
      hint: descriptionOf(path),
    },
  ]
}

function customFinding(issue: z.core.$ZodIssueCustom, path: InventoryPath): Finding {
  const { code = 'KW1014', hint = descriptionOf(path) } = (issue.params ?? {}) as {
    code?: InventoryCode
    hint?: string
  }
  return { code, path, message: code === 'KW1017' ? issue.message : withInput(issue.message, issue.input), hint }
}

function withInput(message: string, input: unknown): string {
  return typeof input === 'string' || typeof input === 'number' ? `${message}, got ${quote(input)}` : message
}

function quote(value: unknown): string {
  if (typeof value !== 'string') return String(value)
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}...` : value)
}
