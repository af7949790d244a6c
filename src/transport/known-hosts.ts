import { createHash, createHmac } from 'node:crypto'
import { readFile } from 'node:fs/promises'

/** One line of known_hosts. */
export interface KnownHost {
  readonly marker: 'revoked' | 'cert-authority' | undefined
  /** The first field as it is written: names, patterns, or one hashed name. */
  readonly names: string
  readonly key: Buffer
}

/** What known_hosts says of one address. */
export interface KnownKeys {
  readonly accepted: readonly Buffer[]
  readonly revoked: readonly Buffer[]
}

/** The fingerprint of a public key as `ssh-keygen -l` prints it: `SHA256:...`. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

/** The type that a public key names in itself: `ssh-ed25519`, `ssh-rsa`, ...; empty when it is no SSH key. */
export function keyType(key: Buffer): string {
  return key.length < 4 ? '' : key.toString('latin1', 4, 4 + key.readUInt32BE(0))
}

/** The name under which known_hosts keeps an address: `10.0.0.1`, or `[10.0.0.1]:2222` on another port than 22. */
export function knownHostName(address: string, port: number): string {
  return port === 22 ? address : `[${address}]:${port}`
}

/** Parses known_hosts; comments and lines that are no entries are left out. */
export function parseKnownHosts(text: string): readonly KnownHost[] {
  return text.split('\n').flatMap((line) => parseLine(line.trim()) ?? [])
}

function parseLine(line: string): KnownHost | undefined {
  if (line === '' || line.startsWith('#')) return undefined
  const fields = line.split(/\s+/)
  const marker = fields[0]?.startsWith('@') === true ? fields.shift()?.slice(1) : undefined
  if (marker !== undefined && marker !== 'revoked' && marker !== 'cert-authority') return undefined
  const [names, type, encoded] = fields
  if (names === undefined || type === undefined || encoded === undefined) return undefined
  const key = Buffer.from(encoded, 'base64')
  return keyType(key) === type ? { marker, names, key } : undefined
}

/** The keys that the entries hold for an address and port. Certificate authorities are not supported, so they count for nothing. */
export function knownKeys(entries: readonly KnownHost[], address: string, port: number): KnownKeys {
  const name = knownHostName(address, port).toLowerCase()
  const here = entries.filter((entry) => matches(entry.names, name))
  return {
    accepted: here.filter((entry) => entry.marker === undefined).map((entry) => entry.key),
    revoked: here.filter((entry) => entry.marker === 'revoked').map((entry) => entry.key),
  }
}

function matches(names: string, name: string): boolean {
  if (names.startsWith('|')) return matchesHash(names, name)
  const patterns = names.toLowerCase().split(',')
  const excluded = patterns.some((pattern) => pattern.startsWith('!') && wildcard(pattern.slice(1)).test(name))
  return !excluded && patterns.some((pattern) => wildcard(pattern).test(name))
}

function matchesHash(hashed: string, name: string): boolean {
  const [, version, salt, hash] = hashed.split('|')
  if (version !== '1' || salt === undefined || hash === undefined) return false
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash
}

function wildcard(pattern: string): RegExp {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`)
}

/** Reads several known_hosts files one after the other; a file that does not exist is empty. */
export async function readKnownHosts(files: readonly string[]): Promise<readonly KnownHost[]> {
  const texts = await Promise.all(files.map((file) => readText(file)))
  return texts.flatMap((text) => parseKnownHosts(text))
}

async function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
}
