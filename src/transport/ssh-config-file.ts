import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join } from 'node:path'
import { glob, type Line, LineType, parse, SSHConfig } from 'ssh-config'

/** The values that hold for one host; names in lower case. */
export interface ConfigValues {
  first(name: string): string | undefined
  all(name: string): readonly string[]
}

/** A parsed ssh_config with the files that it includes. */
export interface SshConfig {
  valuesFor(address: string, user: string | undefined): ConfigValues
}

/** What `%` tokens and `~` stand for in a path. */
export interface PathTokens {
  readonly home: string
  readonly host: string
  readonly user: string
  readonly localUser: string
  readonly env: Readonly<Record<string, string | undefined>>
}

const maxDepth = 16

/** Reads a file of the format ssh_config(5); one that does not exist is empty. */
export async function loadSshConfig(file: string, home: string): Promise<SshConfig> {
  const lines = await readLines(file, home, 0)
  return {
    valuesFor(address, user) {
      const config = SSHConfig.from(lines) as SSHConfig
      const asked = user === undefined ? { Host: address } : { Host: address, User: user }
      const values = config.compute(asked, { ignoreCase: true })
      const all = (name: string): readonly string[] => [values[name] ?? []].flat()
      return { all, first: (name) => all(name)[0] }
    },
  }
}

async function readLines(file: string, home: string, depth: number): Promise<Line[]> {
  if (depth > maxDepth) throw new Error(`${file} includes itself`)
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const lines = await Promise.all([...parse(text)].map(async (line) => included(line, home, depth)))
  return lines.flat()
}

/** Puts the lines of included files in the place of an Include. One inside a Host section is left out: ssh-config does not nest. */
async function included(line: Line, home: string, depth: number): Promise<Line[]> {
  if (line.type !== LineType.DIRECTIVE || line.param.toLowerCase() !== 'include') return [line]
  const patterns = Array.isArray(line.value) ? line.value.map(({ val }) => val) : line.value.split(/\s+/)
  const files = await Promise.all(patterns.map(async (pattern) => matching(pattern, home)))
  const lines = await Promise.all(files.flat().map(async (file) => readLines(file, home, depth + 1)))
  return lines.flat()
}

async function matching(pattern: string, home: string): Promise<string[]> {
  const path = pattern.startsWith('~/') ? join(home, pattern.slice(2)) : pattern
  const full = isAbsolute(path) ? path : join(home, '.ssh', path)
  if (!/[*?]/.test(basename(full))) return [full]
  const names = await readdir(dirname(full)).catch(() => [])
  return names
    .filter((name) => glob([basename(full)], name) && !name.startsWith('.'))
    .sort()
    .map((name) => join(dirname(full), name))
}

/** Replaces `~`, `${VARIABLE}`, a path that is `$VARIABLE` and the tokens %d, %h, %r, %u, %% in a path. */
export function expandPath(path: string, tokens: PathTokens): string {
  const values: Readonly<Record<string, string>> = {
    '%': '%',
    d: tokens.home,
    h: tokens.host,
    r: tokens.user,
    u: tokens.localUser,
  }
  return path
    .replace(/^~(?=\/|$)/, tokens.home)
    .replaceAll(/\$\{(\w+)\}/g, (_whole, name: string) => tokens.env[name] ?? '')
    .replace(/^\$(\w+)$/, (_whole, name: string) => tokens.env[name] ?? '')
    .replaceAll(/%(.)/g, (whole, letter: string) => values[letter] ?? whole)
}
