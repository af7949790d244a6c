import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { sh } from '../../src/transport/command.ts'
import { connectSsh } from '../../src/transport/ssh.ts'
import { testKey } from '../support/sshd.ts'
import { connect, connected, failureOf, keyFiles, sshd, targetOf, temporaryDirectory } from './connecting.ts'

test('a connection that is lost during a command is a failure, not an empty success', async () => {
  const { server, transport } = await connected()
  const running = failureOf(transport.exec(sh`echo begun; sleep 5`))
  await vi.waitFor(() => expect(transport.traffic.bytesReceived).toBeGreaterThan(0))
  server.cut()
  expect(await running).toMatchObject({ host: 'cp1', failure: 'connection-lost' })
})

test('a connection that is lost while a command is being started is no other failure', async () => {
  const { server, transport } = await connected()
  await transport.exec(sh`true`)
  const running = failureOf(transport.exec(sh`true`, { payload: Buffer.alloc(1 << 20) }))
  server.cut()
  expect((await running).failure).toBe('connection-lost')
})

test('all commands in flight and in the queue fail when the connection is lost', async () => {
  const { server, transport } = await connected()
  const running = Promise.all(Array.from({ length: 9 }, async () => failureOf(transport.exec(sh`echo begun; sleep 5`))))
  await vi.waitFor(() => expect(transport.traffic.executions).toBe(4))
  server.cut()
  expect((await running).map((error) => error.failure)).toEqual(Array.from({ length: 9 }, () => 'connection-lost'))
})

test('after a lost connection a command that changes something is refused, and nothing crashes', async () => {
  const { server, transport } = await connected()
  server.cut()
  await pause(20)
  expect((await failureOf(transport.exec(sh`true`))).failure).toBe('connection-lost')
  expect((await failureOf(transport.open(sh`cat`))).failure).toBe('connection-lost')
})

test('a read-only command connects again, once for all of them, and what changes something then works too', async () => {
  const { server, transport } = await connected()
  server.cut()
  await pause(20)
  const results = await Promise.all(
    Array.from({ length: 5 }, async () => transport.exec(sh`echo read`, { readOnly: true })),
  )
  expect(results.map(({ stdout }) => stdout.toString())).toEqual(Array.from({ length: 5 }, () => 'read\n'))
  expect(server.connections).toBe(2)
  expect((await transport.exec(sh`echo changed`)).stdout.toString()).toBe('changed\n')
})

test('a read-only command that is interrupted is run once more', async () => {
  const { server, transport } = await connected()
  const file = join(await temporaryDirectory(), 'runs')
  const running = transport.exec(sh`echo run >>${file}; [ $(wc -l <${file}) -gt 1 ] || sleep 5; echo read`, {
    readOnly: true,
  })
  await vi.waitFor(() => expect(existsSync(file)).toBe(true))
  server.cut()
  expect((await running).stdout.toString()).toBe('read\n')
  expect(await readFile(file, 'utf8')).toBe('run\nrun\n')
})

test('a read-only command whose payload can not be sent twice is not run again', async () => {
  const { server, transport } = await connected()
  const payload = Readable.from([Buffer.from('x')])
  const running = failureOf(transport.exec(sh`echo begun; sleep 5`, { readOnly: true, payload }))
  await vi.waitFor(() => expect(transport.traffic.bytesReceived).toBeGreaterThan(0))
  server.cut()
  expect((await running).failure).toBe('connection-lost')
})

test('a command that takes too long is given up, and the next one runs', async () => {
  const { transport } = await connected()
  const begin = performance.now()
  const error = await failureOf(transport.exec(sh`sleep 5`, { timeout: 100 }))
  expect(error).toMatchObject({ host: 'cp1', failure: 'timeout' })
  expect(error.message).toContain('0.1 s')
  expect(performance.now() - begin).toBeLessThan(2000)
  expect((await transport.exec(sh`echo next`)).stdout.toString()).toBe('next\n')
})

test('a background child that holds stdout keeps nobody longer than the limit', async () => {
  const { transport } = await connected()
  expect((await failureOf(transport.exec(sh`sleep 5 & echo begun`, { timeout: 200 }))).failure).toBe('timeout')
  const released = await transport.exec(sh`sleep 5 </dev/null >/dev/null 2>&1 & echo begun`)
  expect(released.stdout.toString()).toBe('begun\n')
})

test('commands that hang keep none of the four channels', async () => {
  const { transport } = await connected()
  await Promise.all(Array.from({ length: 6 }, async () => failureOf(transport.exec(sh`sleep 5`, { timeout: 100 }))))
  expect((await transport.exec(sh`echo next`)).stdout.toString()).toBe('next\n')
})

test('a command is given up when its caller says so, running or waiting', async () => {
  const { transport } = await connected()
  const stop = new AbortController()
  const running = Array.from({ length: 6 }, async () => failureOf(transport.exec(sh`sleep 5`, { signal: stop.signal })))
  setTimeout(() => stop.abort(), 50)
  const errors = await Promise.all([...running, failureOf(transport.exec(sh`true`, { signal: AbortSignal.abort() }))])
  expect(errors.map((error) => error.failure)).toEqual(Array.from({ length: 7 }, () => 'aborted'))
  expect((await transport.exec(sh`echo next`)).stdout.toString()).toBe('next\n')
})

test('waiting for a new connection is given up when the caller says so', async () => {
  const { server, transport } = await connected()
  await server.close()
  await vi.waitFor(async () => expect((await failureOf(transport.exec(sh`true`))).failure).toBe('connection-lost'))
  const error = await failureOf(transport.exec(sh`true`, { readOnly: true, signal: AbortSignal.abort() }))
  expect(error.failure).toBe('aborted')
  expect((await failureOf(transport.exec(sh`true`, { readOnly: true }))).failure).toBe('unreachable')
})

test('a transport that was closed runs nothing more, closing it twice is no error', async () => {
  const { transport } = await connected()
  await transport.close()
  await transport.close()
  expect((await failureOf(transport.exec(sh`true`, { readOnly: true }))).failure).toBe('aborted')
})

test('handshakes that the server drops are tried again', async () => {
  const key = testKey()
  const server = await sshd({ authorized: [key], dropHandshakes: 2 })
  const transport = await connect(targetOf(server, { identityFiles: await keyFiles(key) }))
  expect((await transport.exec(sh`echo here`)).stdout.toString()).toBe('here\n')
  expect(server.connections).toBe(3)
})

test('one host’s failure leaves another’s transport alone', async () => {
  const [first, second] = await Promise.all([connected(), connected()])
  const running = second.transport.exec(sh`sleep 0.1; echo here`)
  const failing = failureOf(first.transport.exec(sh`sleep 5`))
  await pause(20)
  first.server.cut()
  expect((await failing).failure).toBe('connection-lost')
  expect((await running).stdout.toString()).toBe('here\n')
})

test('a port where nobody listens is unreachable at once', async () => {
  const server = await sshd()
  await server.close()
  const error = await failureOf(connectSsh(targetOf(server)))
  expect(error.failure).toBe('unreachable')
  expect(error.message).toMatch(/^alice@127\.0\.0\.1:\d+ can not be reached: .*ECONNREFUSED/)
  expect(error.hint).toContain('sshd')
})

test('a name that does not exist is unreachable, with another hint', async () => {
  const error = await failureOf(connectSsh(targetOf(await sshd(), { address: 'cp1.invalid' })))
  expect(error.failure).toBe('unreachable')
  expect(error.hint).toContain('address')
})

test('a host that does not answer is given up after the limit, or when the caller says so', async () => {
  const silent = targetOf(await sshd({ latency: 60_000 }), { connectTimeout: 100 })
  const error = await failureOf(connectSsh(silent))
  expect(error.failure).toBe('unreachable')
  expect(error.message).toContain('no answer within 0.1 s')
  const patient = { ...silent, connectTimeout: 60_000 }
  expect((await failureOf(connectSsh(patient, { signal: AbortSignal.timeout(50) }))).failure).toBe('aborted')
})
