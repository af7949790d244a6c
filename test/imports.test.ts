import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'

const source = resolve(import.meta.dirname, '../src')

/** What each folder of src/ may import at run time; types may be imported from anywhere above the engine's line. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  cli: ['*'],
  playbook: ['engine', 'inventory', 'kubernetes', 'tasks'],
  inventory: ['kubernetes', 'engine', 'render'],
  engine: [],
  check: ['inventory', 'host', 'kubernetes', 'render', 'transport'],
  tasks: ['check', 'engine', 'resources', 'host', 'transport', 'kubernetes', 'pki', 'render', 'artifacts', 'inventory'],
  resources: ['engine', 'inventory', 'host', 'transport', 'kubernetes', 'pki', 'render', 'artifacts'],
  host: ['engine', 'transport', 'inventory', 'kubernetes'],
  artifacts: ['engine', 'kubernetes', 'transport'],
  kubernetes: ['render', 'inventory', 'transport', 'host'],
  pki: ['transport'],
  render: ['engine'],
  transport: [],
}

interface Import {
  readonly file: string
  readonly from: string
  readonly to: string
  readonly typesOnly: boolean
}

function imports(): readonly Import[] {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  return files.flatMap((file) => {
    const text = readFileSync(join(source, file), 'utf8')
    const found = text.matchAll(/^(import|export) (type )?([^'"]*?)from '(\.[^']+)'/gms)
    return [...found].map(([, , type, names = '', path = '']) => {
      const to = relative(source, resolve(source, file, '..', path))
      const inner = names
        .replaceAll(/[{}\s]/g, '')
        .split(',')
        .filter(Boolean)
      const typesOnly = type !== undefined || (names.includes('{') && inner.every((_, index) => isType(names, index)))
      return { file, from: folder(file), to: folder(to), typesOnly }
    })
  })
}

function isType(names: string, index: number): boolean {
  const parts = names
    .replaceAll(/[{}]/g, '')
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)
  return parts[index]?.startsWith('type ') ?? false
}

function folder(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : ''
}

test('imports point one way', () => {
  const wrong = imports().filter(({ from, to, typesOnly }) => {
    if (from === to || from === '' || to === '' || typesOnly) return false
    const list = allowed[from] ?? []
    return !list.includes('*') && !list.includes(to)
  })
  expect(wrong.map(({ file, to }) => `${file} imports ${to}`)).toEqual([])
})

test('the engine imports nothing but types from the rest of the program', () => {
  const wrong = imports().filter(({ from, to, typesOnly }) => from === 'engine' && to !== 'engine' && !typesOnly)
  expect(wrong.map(({ file, to }) => `${file} imports ${to}`)).toEqual([])
})

test('no file of the program is longer than one can read in one sitting', () => {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const long = files.filter((file) => readFileSync(join(source, file), 'utf8').split('\n').length > 300)
  expect(long).toEqual([])
})
