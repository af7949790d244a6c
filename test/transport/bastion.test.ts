import { describe, expect, test } from 'vitest'
import { sh } from '../../src/transport/command.ts'
import { scanHostKey } from '../../src/transport/scan-host-key.ts'
import { connectSsh } from '../../src/transport/ssh.ts'
import { testKey } from '../support/sshd.ts'
import { connect, failureOf, hello, keyFiles, sshd, targetOf } from './connecting.ts'

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
