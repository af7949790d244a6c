import { execFileSync } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Secret } from '../../src/transport/command.ts'
import { connectSsh } from '../../src/transport/ssh.ts'
import { testKey } from '../support/sshd.ts'
import { failureOf, hello, keyFiles, sshd, targetOf, temporaryDirectory } from './connecting.ts'

const unwanted = async (): Promise<never> => Promise.reject(new Error('nobody should be asked'))

async function agentWith(files: readonly string[], ...options: readonly string[]): Promise<string> {
  const socket = join(await temporaryDirectory(), 'agent')
  const started = execFileSync('ssh-agent', ['-s', '-a', socket]).toString()
  const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(started)?.[1])
  onTestFinished(() => void process.kill(pid))
  for (const file of files)
    execFileSync('ssh-add', ['-q', ...options, file], { env: { SSH_AUTH_SOCK: socket }, stdio: 'pipe' })
  return socket
}

describe('a key', () => {
  test.each(['ed25519', 'ecdsa', 'rsa'] as const)('of type %s lets in', async (type) => {
    const key = testKey(undefined, type)
    expect(await hello(targetOf(await sshd({ authorized: [key] }), { identityFiles: await keyFiles(key) }))).toBe(
      'hello\n',
    )
  })

  test('is taken from several, without asking for a passphrase that is not needed', async () => {
    const [locked, wrong, right] = [testKey('hunter2'), testKey(), testKey()]
    const server = await sshd({ authorized: [right] })
    expect(
      await hello(targetOf(server, { identityFiles: await keyFiles(locked, wrong, right), passphrase: unwanted })),
    ).toBe('hello\n')
  })

  test('with a passphrase is opened once for all hosts', async () => {
    const key = testKey('hunter2')
    const servers = await Promise.all([1, 2, 3].map(async () => sshd({ authorized: [key] })))
    const identityFiles = await keyFiles(key)
    const asked: string[] = []
    const passphrase = async (file: string) => {
      asked.push(file)
      return new Secret('hunter2')
    }
    const answers = await Promise.all(
      servers.map(async (server) => hello(targetOf(server, { identityFiles, passphrase }))),
    )
    expect(answers).toEqual(['hello\n', 'hello\n', 'hello\n'])
    expect(asked).toEqual(identityFiles)
  })

  test('with a passphrase that is mistyped is asked for again, three times at most', async () => {
    const [key, other] = [testKey('hunter2'), testKey('hunter3')]
    const server = await sshd({ authorized: [key, other] })
    const answers = ['hunter1', 'hunter2']
    const passphrase = async () => new Secret(answers.shift() ?? 'never right')
    expect(await hello(targetOf(server, { identityFiles: await keyFiles(key), passphrase }))).toBe('hello\n')
    const identityFiles = await keyFiles(other)
    const error = await failureOf(connectSsh(targetOf(server, { identityFiles, passphrase })))
    expect(error.message).toContain(`${identityFiles[0]} is encrypted and the passphrase is wrong`)
    expect(error.message + error.hint).not.toContain('never right')
  })

  test('with a passphrase that nobody can be asked for is named in the error', async () => {
    const key = testKey('hunter2')
    const identityFiles = await keyFiles(key)
    const error = await failureOf(connectSsh(targetOf(await sshd({ authorized: [key] }), { identityFiles })))
    expect(error.failure).toBe('authentication')
    expect(error.message).toContain(`${identityFiles[0]} is encrypted`)
  })

  test('that is refused is named in the error, with what the host accepts', async () => {
    const server = await sshd()
    const identityFiles = await keyFiles(testKey(), testKey())
    const error = await failureOf(connectSsh(targetOf(server, { identityFiles })))
    expect(error).toMatchObject({ host: 'cp1', failure: 'authentication' })
    expect(error.message).toBe(
      `alice@127.0.0.1:${server.port} refused the login: offered ${identityFiles.join(', ')}; the host accepts publickey`,
    )
    expect(error.hint).toContain('authorized_keys')
  })

  test('that does not exist or is no key is named in the error', async () => {
    const directory = await temporaryDirectory()
    await writeFile(join(directory, 'text'), 'no key')
    const identityFiles = [join(directory, 'none'), join(directory, 'text')]
    const error = await failureOf(connectSsh(targetOf(await sshd(), { identityFiles })))
    expect(error.message).toContain(`${identityFiles[0]} does not exist`)
    expect(error.message).toContain(`${identityFiles[1]} can not be read as a private key`)
  })

  test('of a FIDO token is said not to be supported', async () => {
    const file = join(await temporaryDirectory(), 'id_ed25519_sk')
    const body = Buffer.from('openssh-key-v1\0....none....sk-ssh-ed25519@openssh.com....').toString('base64')
    await writeFile(file, `-----BEGIN OPENSSH PRIVATE KEY-----\n${body}\n-----END OPENSSH PRIVATE KEY-----\n`)
    const error = await failureOf(connectSsh(targetOf(await sshd(), { identityFiles: [file] })))
    expect(error.failure).toBe('authentication')
    expect(error.message).toContain('FIDO')
  })
})

describe('the agent', () => {
  test('lets in with a key that lies in no file', async () => {
    const keys = [testKey(), testKey()]
    const server = await sshd({ authorized: keys.slice(1) })
    expect(await hello(targetOf(server, { agent: await agentWith(await keyFiles(...keys)) }))).toBe('hello\n')
  })

  test('is asked first for the key that is named, so that its file stays locked', async () => {
    const [key, others] = [testKey(), [testKey(), testKey(), testKey()]]
    const server = await sshd({ authorized: [key], maxAuthTries: 1 })
    const agent = await agentWith(await keyFiles(...others, key))
    const [file = ''] = await keyFiles(testKey('hunter2'))
    await writeFile(`${file}.pub`, key.public)
    expect(await hello(targetOf(server, { agent, identityFiles: [file] }))).toBe('hello\n')
  })

  test('may hold more keys than a host takes in one connection', async () => {
    const keys = [testKey(), testKey(), testKey(), testKey(), testKey()]
    const server = await sshd({ authorized: keys.slice(4), maxAuthTries: 2 })
    expect(await hello(targetOf(server, { agent: await agentWith(await keyFiles(...keys)) }))).toBe('hello\n')
    expect(server.connections).toBe(3)
    const strangers = await agentWith(await keyFiles(testKey(), testKey(), testKey()))
    const error = await failureOf(connectSsh(targetOf(server, { agent: strangers })))
    expect(error.failure).toBe('authentication')
    expect(error.message.match(/of the agent/g)).toHaveLength(3)
  })

  test('offers only named keys under IdentitiesOnly', async () => {
    const key = testKey()
    const agent = await agentWith(await keyFiles(key))
    const target = targetOf(await sshd({ authorized: [key] }), { agent, identitiesOnly: true })
    expect((await failureOf(connectSsh(target))).message).toContain('there was no key to offer')
  })

  test('that does not sign (nobody confirms it) does not keep the next key from letting in', async () => {
    const [confirmed, key] = [testKey(), testKey()]
    const agent = await agentWith(await keyFiles(confirmed), '-c')
    const identityFiles = await keyFiles(key)
    // named by its public half, so that the agent's key is offered before the file
    const [file = ''] = await keyFiles(confirmed)
    await writeFile(`${file}.pub`, confirmed.public)
    await rm(file)
    identityFiles.unshift(file)
    const server = await sshd({ authorized: [confirmed, key] })
    expect(await hello(targetOf(server, { agent, identityFiles }))).toBe('hello\n')
  })

  test('that is gone does not keep the key files from letting in', async () => {
    const key = testKey()
    const agent = join(await temporaryDirectory(), 'gone')
    const server = await sshd({ authorized: [key] })
    expect(await hello(targetOf(server, { agent, identityFiles: await keyFiles(key) }))).toBe('hello\n')
    const error = await failureOf(connectSsh(targetOf(server, { agent })))
    expect(error.message).toContain(`the agent at ${agent} does not answer`)
  })
})
