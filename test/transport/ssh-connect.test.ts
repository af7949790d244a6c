import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { addKnownHost } from '../../src/transport/add-known-host.ts'
import { Secret, sh } from '../../src/transport/command.ts'
import { fingerprint } from '../../src/transport/known-hosts.ts'
import { scanHostKey } from '../../src/transport/scan-host-key.ts'
import { connectSsh } from '../../src/transport/ssh.ts'
import type { SshTarget } from '../../src/transport/target.ts'
import { testKey } from '../support/sshd.ts'
import { connect, failureOf, keyFiles, sshd, targetOf, temporaryDirectory } from './connecting.ts'

/** A target whose host key is looked up in a known_hosts file with this text. */
async function withKnownHosts(target: SshTarget, text: string): Promise<SshTarget> {
  const file = join(await temporaryDirectory(), 'known_hosts')
  await writeFile(file, text)
  const { hostKey: _pinned, ...rest } = target
  return { ...rest, knownHostsFiles: [file] }
}

async function hello(target: SshTarget): Promise<string> {
  const transport = await connect(target)
  return (await transport.exec(sh`echo hello`)).stdout.toString()
}

describe('the host key', () => {
  const key = testKey()

  test('that known_hosts holds for the address and port is taken', async () => {
    const server = await sshd({ authorized: [key] })
    const target = await withKnownHosts(targetOf(server, { identityFiles: await keyFiles(key) }), '')
    await addKnownHost(target.knownHostsFiles[0] ?? '', target.address, target.port, server.hostKey)
    expect(await hello(target)).toBe('hello\n')
  })

  test('that is unknown stops the connection before anything is sent, with its fingerprint', async () => {
    const server = await sshd({ authorized: [key] })
    const error = await failureOf(connectSsh(await withKnownHosts(targetOf(server), '')))
    expect(error).toMatchObject({ host: 'cp1', failure: 'host-key-unknown' })
    expect(error.message).toContain(fingerprint(server.hostKey))
    expect(error.hint).toContain('kubewright trust')
  })

  test('that has changed stops the connection with both fingerprints', async () => {
    const server = await sshd({ authorized: [key] })
    const old = testKey()
    const error = await failureOf(
      connectSsh(await withKnownHosts(targetOf(server), `[127.0.0.1]:${server.port} ${old.public}\n`)),
    )
    expect(error.failure).toBe('host-key-changed')
    expect(error.message).toContain(fingerprint(server.hostKey))
    expect(error.message).toContain(fingerprint(old.blob))
    expect(error.hint).toContain(`ssh-keygen -R '[127.0.0.1]:${server.port}'`)
  })

  test('that is revoked stops the connection, also when it is known', async () => {
    const hostKey = testKey()
    const server = await sshd({ hostKeys: [hostKey] })
    const name = `[127.0.0.1]:${server.port}`
    const text = `${name} ${hostKey.public}\n@revoked ${name} ${hostKey.public}\n`
    const error = await failureOf(connectSsh(await withKnownHosts(targetOf(server), text)))
    expect(error.message).toContain('revoked')
  })

  test('is asked for in the type that is known, whichever the server would rather show', async () => {
    const known = testKey(undefined, 'ecdsa')
    const server = await sshd({ hostKeys: [testKey(), known], authorized: [key] })
    const target = targetOf(server, { identityFiles: await keyFiles(key) })
    expect(await hello(await withKnownHosts(target, `[127.0.0.1]:${server.port} ${known.public}\n`))).toBe('hello\n')
    expect(await hello({ ...target, hostKey: known.public })).toBe('hello\n')
  })

  test('can be pinned as a key or as a fingerprint', async () => {
    const server = await sshd({ authorized: [key] })
    const target = targetOf(server, { identityFiles: await keyFiles(key), hostKey: fingerprint(server.hostKey) })
    expect(await hello(target)).toBe('hello\n')
    const other = fingerprint(testKey().blob)
    const error = await failureOf(connectSsh({ ...target, hostKey: other }))
    expect(error.failure).toBe('host-key-changed')
    expect(error.message).toContain(other)
  })

  test('can be looked at by somebody who has no key at all', async () => {
    const server = await sshd({ dropHandshakes: 1 })
    expect(await scanHostKey(await withKnownHosts(targetOf(server), ''))).toEqual(server.hostKey)
    await server.close()
    expect((await failureOf(scanHostKey(targetOf(server)))).failure).toBe('unreachable')
  })
})

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
    const passphrase = () => Promise.reject(new Error('nobody should be asked'))
    expect(await hello(targetOf(server, { identityFiles: await keyFiles(locked, wrong, right), passphrase }))).toBe(
      'hello\n',
    )
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
  async function agentWith(files: readonly string[]): Promise<string> {
    const socket = join(await temporaryDirectory(), 'agent')
    const started = execFileSync('ssh-agent', ['-s', '-a', socket]).toString()
    const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(started)?.[1])
    onTestFinished(() => void process.kill(pid))
    for (const file of files) execFileSync('ssh-add', ['-q', file], { env: { SSH_AUTH_SOCK: socket }, stdio: 'pipe' })
    return socket
  }

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

  test('with too many keys is said to be the reason', async () => {
    const server = await sshd({ maxAuthTries: 2 })
    const agent = await agentWith(await keyFiles(testKey(), testKey(), testKey()))
    const error = await failureOf(connectSsh(targetOf(server, { agent })))
    expect(error.failure).toBe('authentication')
    expect(error.hint).toContain('IdentitiesOnly')
  })

  test('offers only named keys under IdentitiesOnly', async () => {
    const key = testKey()
    const agent = await agentWith(await keyFiles(key))
    const target = targetOf(await sshd({ authorized: [key] }), { agent, identitiesOnly: true })
    expect((await failureOf(connectSsh(target))).message).toContain('there was no key to offer')
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

describe('a bastion', () => {
  test('is passed by several hosts over one connection, which ends with the last of them', async () => {
    const key = testKey()
    const identityFiles = await keyFiles(key)
    const bastion = await sshd({ authorized: [key] })
    const hosts = await Promise.all([1, 2, 3].map(async () => sshd({ authorized: [key] })))
    const way = targetOf(bastion, { identityFiles, user: 'jump', host: 'bastion' })
    const transports = await Promise.all(
      hosts.map(async (server) => connect(targetOf(server, { identityFiles, bastion: way }))),
    )
    const answers = await Promise.all(transports.map(async (transport) => transport.exec(sh`echo hello`)))
    expect(answers.map(({ stdout }) => stdout.toString())).toEqual(['hello\n', 'hello\n', 'hello\n'])
    expect(bastion.connections).toBe(1)
    expect(bastion.commands).toEqual([])
    await Promise.all(transports.map(async (transport) => transport.close()))
    expect(await hello(targetOf(hosts[0]!, { identityFiles, bastion: way }))).toBe('hello\n')
    expect(bastion.connections).toBe(2)
  })

  test('that goes away takes the connection with it, and a read-only command finds it again', async () => {
    const key = testKey()
    const identityFiles = await keyFiles(key)
    const [bastion, server] = [await sshd({ authorized: [key] }), await sshd({ authorized: [key] })]
    const transport = await connect(targetOf(server, { identityFiles, bastion: targetOf(bastion, { identityFiles }) }))
    const running = failureOf(transport.exec(sh`sleep 5`))
    bastion.cut()
    expect((await running).failure).toBe('connection-lost')
    expect((await transport.exec(sh`echo again`, { readOnly: true })).stdout.toString()).toBe('again\n')
  })

  test('behind a bastion is reached too', async () => {
    const key = testKey()
    const identityFiles = await keyFiles(key)
    const [outer, inner, server] = await Promise.all([1, 2, 3].map(async () => sshd({ authorized: [key] })))
    const bastion = targetOf(inner!, { identityFiles, bastion: targetOf(outer!, { identityFiles }) })
    expect(await hello(targetOf(server!, { identityFiles, bastion }))).toBe('hello\n')
    expect([outer!.connections, inner!.connections]).toEqual([1, 1])
  })

  test('that refuses us, or from which the host is not reached, is named', async () => {
    const key = testKey()
    const identityFiles = await keyFiles(key)
    const [bastion, server] = [await sshd({ authorized: [key] }), await sshd()]
    const stranger = targetOf(bastion, { user: 'jump' })
    const refused = await failureOf(connectSsh(targetOf(server, { bastion: stranger })))
    expect(refused).toMatchObject({ host: 'cp1', failure: 'authentication' })
    expect(refused.message).toContain(`cp1 is behind the bastion jump@127.0.0.1:${bastion.port}`)
    await server.close()
    const unreached = await failureOf(connectSsh(targetOf(server, { bastion: targetOf(bastion, { identityFiles }) })))
    expect(unreached.failure).toBe('unreachable')
    expect(unreached.message).toContain('opens no way to')
  })

  test('shows the host key of the host behind it', async () => {
    const key = testKey()
    const [bastion, server] = [await sshd({ authorized: [key] }), await sshd()]
    const way = targetOf(bastion, { identityFiles: await keyFiles(key) })
    expect(await scanHostKey(targetOf(server, { bastion: way }))).toEqual(server.hostKey)
  })
})

test('a known_hosts file that can not be read is an error of the host, not a crash', async () => {
  const { hostKey: _pinned, ...target } = targetOf(await sshd())
  const directory = await temporaryDirectory()
  const error = await failureOf(connectSsh({ ...target, knownHostsFiles: [directory] }))
  expect(error.failure).toBe('host-key-unknown')
  expect(error.message).toContain(directory)
  expect(await readFile(join(directory, 'none')).catch(() => 'none')).toBe('none')
})
