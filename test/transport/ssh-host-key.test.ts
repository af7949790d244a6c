import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { addKnownHost } from '../../src/transport/add-known-host.ts'
import { fingerprint } from '../../src/transport/known-hosts.ts'
import { scanHostKey } from '../../src/transport/scan-host-key.ts'
import { connectSsh } from '../../src/transport/ssh.ts'
import type { SshTarget } from '../../src/transport/target.ts'
import { testKey } from '../support/sshd.ts'
import { failureOf, hello, keyFiles, sshd, targetOf, temporaryDirectory } from './connecting.ts'

/** A target whose host key is looked up in a known_hosts file with this text. */
async function withKnownHosts(target: SshTarget, text: string): Promise<SshTarget> {
  const file = join(await temporaryDirectory(), 'known_hosts')
  await writeFile(file, text)
  const { hostKey: _pinned, ...rest } = target
  return { ...rest, knownHostsFiles: [file] }
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

test('a known_hosts file that can not be read is an error of the host, not a crash', async () => {
  const { hostKey: _pinned, ...target } = targetOf(await sshd())
  const directory = await temporaryDirectory()
  const error = await failureOf(connectSsh({ ...target, knownHostsFiles: [directory] }))
  expect(error.failure).toBe('host-key-unknown')
  expect(error.message).toContain(directory)
})
