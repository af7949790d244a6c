import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { sh } from '../../src/transport/command.ts'
import { lineReader } from '../../src/transport/line-reader.ts'
import { connected, failureOf } from './connecting.ts'

const echo = sh`echo ready; while read -r line; do echo "got $line"; done; echo bye`

test('a session answers line by line while other commands run', async () => {
  const { transport } = await connected()
  const session = await transport.open(echo)
  expect(await session.line()).toBe('ready')
  session.write('one\ntwo\n')
  const [line, { stdout }] = await Promise.all([session.line(), transport.exec(sh`echo beside`)])
  expect([line, stdout.toString()]).toEqual(['got one', 'beside\n'])
  expect(await session.line()).toBe('got two')
  session.end()
  await session.ended
  expect([await session.line(), await session.line()]).toEqual(['bye', undefined])
})

test('a session ends by itself when its script does, and writing to it then is no error', async () => {
  const { transport } = await connected()
  const session = await transport.open(sh`read -r x`)
  session.write('go\n')
  await session.ended
  session.write('more\n')
  session.end()
  expect(await session.line()).toBeUndefined()
})

test('a session ends when the connection is lost', async () => {
  const { server, transport } = await connected()
  const session = await transport.open(echo)
  expect(await session.line()).toBe('ready')
  const waiting = session.line()
  server.cut()
  await session.ended
  expect(await waiting).toBeUndefined()
})

test('the script of a session sees the end of its input when the connection is lost', async () => {
  const { server, transport } = await connected()
  const pid = (await (await transport.open(sh`echo $$; cat >/dev/null`)).line()) ?? ''
  server.cut()
  await expect.poll(() => isAlive(Number(pid)), { timeout: 5000 }).toBe(false)
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('sessions take channels: with one open, three commands run at a time', async () => {
  const { server, transport } = await connected()
  const session = await transport.open(echo)
  await Promise.all(Array.from({ length: 8 }, async () => transport.exec(sh`true`)))
  expect(server.mostSessions).toBe(4)
  session.end()
  await session.ended
})

test('a session waits for a free session of the host too', async () => {
  const { transport } = await connected({ maxSessions: 1 })
  const running = transport.exec(sh`sleep 0.1`)
  await pause(20)
  const session = await transport.open(echo)
  expect(await session.line()).toBe('ready')
  await running
})

test('a session is not opened for a user who can not become root', async () => {
  const { transport } = await connected({ sudo: 'password' })
  const error = await failureOf(transport.open(echo))
  expect(error.failure).toBe('no-sudo')
  expect((await failureOf(transport.exec(sh`true`))).failure).toBe('no-sudo')
})

test('a session has nothing of what the login shell prints', async () => {
  const { transport } = await connected({ noise: 'echo Welcome; ' })
  expect(await (await transport.open(echo)).line()).toBe('ready')
})

test('a line is whole, wherever the chunks end, and the last one needs no newline', async () => {
  const reader = lineReader()
  const asked = [reader.line(), reader.line()]
  for (const byte of Buffer.from('é€\n\nrest')) reader.push(Buffer.of(byte))
  reader.end()
  expect(await Promise.all([...asked, reader.line(), reader.line()])).toEqual(['é€', '', 'rest', undefined])
})
