import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { sh } from '../../src/transport/command.ts'
import { connectSsh } from '../../src/transport/ssh.ts'
import type { SshTarget } from '../../src/transport/target.ts'
import { type Transport, TransportError } from '../../src/transport/transport.ts'
import { type Sshd, type SshdOptions, startSshd, type TestKey, testKey } from '../support/sshd.ts'

/** A directory that goes away with the test. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'kubewright-test-'))
  onTestFinished(async () => rm(directory, { recursive: true, force: true }))
  return directory
}

/** Writes private key files, and returns their paths. */
export async function keyFiles(...keys: readonly TestKey[]): Promise<string[]> {
  const directory = await temporaryDirectory()
  return Promise.all(
    keys.map(async (key, index) => {
      const file = join(directory, `id_${index}`)
      await writeFile(file, key.private, { mode: 0o600 })
      return file
    }),
  )
}

/** A server that ends with the test. */
export async function sshd(options: SshdOptions = {}): Promise<Sshd> {
  const server = await startSshd(options)
  onTestFinished(async () => server.close())
  return server
}

/** A target for a server, whose host key is pinned. */
export function targetOf(server: Sshd, overrides: Partial<SshTarget> = {}): SshTarget {
  return {
    host: 'cp1',
    address: '127.0.0.1',
    port: server.port,
    user: 'alice',
    identityFiles: [],
    agent: undefined,
    knownHostsFiles: [],
    hostKey: `ssh-ed25519 ${server.hostKey.toString('base64')}`,
    connectTimeout: 5000,
    ...overrides,
  }
}

/** Connects; the transport is closed with the test. */
export async function connect(target: SshTarget): Promise<Transport> {
  const transport = await connectSsh(target)
  onTestFinished(async () => transport.close())
  return transport
}

/** A server with one user, and a transport to it. */
export async function connected(options: SshdOptions = {}, overrides: Partial<SshTarget> = {}) {
  const key = testKey()
  const server = await sshd({ authorized: [key], ...options })
  const target = targetOf(server, { identityFiles: await keyFiles(key), ...overrides })
  return { server, target, transport: await connect(target) }
}

/** The error with which a promise rejects. */
export async function failureOf(promise: Promise<unknown>): Promise<TransportError> {
  const outcome: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (outcome instanceof TransportError) return outcome
  throw new Error('it should have failed with a TransportError', { cause: outcome })
}

/** Connects, and returns what the host says to `echo hello`. */
export async function hello(target: SshTarget): Promise<string> {
  const transport = await connect(target)
  return (await transport.exec(sh`echo hello`)).stdout.toString()
}
