import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import ssh2 from 'ssh2'
import type { ParsedKey } from 'ssh2'
import type { AskPassphrase } from './target.ts'

/** A private key file as it was found. `publicKey` is known of an encrypted key only when its `.pub` lies beside it. */
export type Identity =
  | { readonly kind: 'usable'; readonly file: string; readonly key: ParsedKey; readonly publicKey: Buffer }
  | { readonly kind: 'encrypted'; readonly file: string; readonly content: Buffer; readonly publicKey?: Buffer }
  | { readonly kind: 'unusable'; readonly file: string; readonly reason: string; readonly publicKey?: Buffer }

export type EncryptedIdentity = Extract<Identity, { kind: 'encrypted' }>

/** Keys that were unlocked in this process, by the digest of their file: decrypting one takes 100 ms, and asking takes a human. */
const unlocked = new Map<string, ParsedKey>()

/** Reads a private key file; never fails, what is wrong with it is in the answer. */
export async function readIdentity(file: string): Promise<Identity> {
  const publicKey = await readPublicKey(`${file}.pub`)
  const known = publicKey === undefined ? {} : { publicKey }
  let content: Buffer
  try {
    content = await readFile(file)
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    return { kind: 'unusable', file, reason: missing ? 'does not exist' : (error as Error).message, ...known }
  }
  if (isHardwareKey(content)) {
    return { kind: 'unusable', file, reason: 'is a FIDO (sk-) key, which the SSH library does not support', ...known }
  }
  const key = unlocked.get(digest(content)) ?? parsed(content)
  if (!(key instanceof Error)) return { kind: 'usable', file, key, publicKey: key.getPublicSSH() }
  if (/no passphrase given/.test(key.message)) return { kind: 'encrypted', file, content, ...known }
  return { kind: 'unusable', file, reason: `can not be read as a private key: ${key.message}`, ...known }
}

/** So that a human is asked for one passphrase at a time, and not once per host. */
let lastQuestion: Promise<unknown> = Promise.resolve()
const tries = 3

/** Opens an encrypted key with the passphrase that is asked for, up to three times; or says what is wrong with the key. */
export async function unlock(identity: EncryptedIdentity, ask: AskPassphrase | undefined): Promise<ParsedKey | string> {
  const question = lastQuestion.then(async () => askFor(identity, ask))
  lastQuestion = question.catch(() => undefined)
  return question
}

async function askFor(
  { file, content }: EncryptedIdentity,
  ask: AskPassphrase | undefined,
): Promise<ParsedKey | string> {
  const id = digest(content)
  const known = unlocked.get(id)
  if (known !== undefined) return known
  for (let asked = 0; asked < tries; asked += 1) {
    const passphrase = await ask?.(file)
    if (passphrase === undefined)
      return 'is encrypted and there is nobody to ask for its passphrase (ssh-add loads it into the agent)'
    const key = parsed(content, passphrase.reveal())
    if (!(key instanceof Error)) {
      unlocked.set(id, key)
      return key
    }
  }
  return 'is encrypted and the passphrase is wrong'
}

function parsed(content: Buffer, passphrase?: string): ParsedKey | Error {
  const result = ssh2.utils.parseKey(content, passphrase)
  // OpenSSH's format can hold several keys and ssh2 then answers with a list, which its types do not say
  const key = Array.isArray(result) ? (result[0] as ParsedKey) : result
  return key instanceof Error || key.isPrivateKey() ? key : new Error('it is a public key')
}

async function readPublicKey(file: string): Promise<Buffer | undefined> {
  const [, encoded] = (await readFile(file, 'utf8').catch(() => '')).trim().split(/\s+/)
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64')
}

function isHardwareKey(content: Buffer): boolean {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([^-]+)/.exec(content.toString('latin1'))?.[1] ?? ''
  return /sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com/.test(Buffer.from(body, 'base64').toString('latin1'))
}

function digest(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}
