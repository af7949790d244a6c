import { createHash, randomBytes } from 'node:crypto'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { sh } from '../../src/transport/command.ts'
import { connectLocal } from '../../src/transport/local.ts'
import type { Transport } from '../../src/transport/transport.ts'
import { failureOf, temporaryDirectory } from './connecting.ts'

/** The local transport; with a `sudo` of the test for whoever is not root. */
async function local(): Promise<Transport> {
  if (userInfo().uid !== 0) {
    const bin = join(await temporaryDirectory(), 'bin')
    await mkdir(bin)
    await writeFile(join(bin, 'sudo'), '#!/bin/sh\nshift\nexec "$@"\n')
    await chmod(join(bin, 'sudo'), 0o755)
    const path = process.env['PATH']
    process.env['PATH'] = `${bin}:${path}`
    onTestFinished(() => void (process.env['PATH'] = path))
  }
  const transport = connectLocal('here')
  onTestFinished(async () => transport.close())
  return transport
}

test('both outputs and the exit code arrive', async () => {
  const transport = await local()
  const { code, stdout, stderr } = await transport.exec(sh`pwd; printf '\303\251'; echo err >&2; exit 3`)
  expect([code, stdout.toString(), stderr.toString()]).toEqual([3, '/\né', 'err\n'])
  expect((await transport.exec(sh`kill -KILL $$`)).code).toBe(137)
})

test('a payload arrives unharmed', async () => {
  const piece = randomBytes(1 << 20)
  const sum = createHash('sha256')
  async function* payload() {
    for (let count = 0; count < 16; count += 1) {
      sum.update(piece)
      yield piece
    }
  }
  const { stdout } = await (await local()).exec(sh`sha256sum`, { payload: payload() })
  expect(stdout.toString()).toBe(`${sum.digest('hex')}  -\n`)
})

test('a script that does not read its payload ends all the same', async () => {
  expect((await (await local()).exec(sh`exit 4`, { payload: Buffer.alloc(8 << 20) })).code).toBe(4)
})

test('a command that takes too long is ended', async () => {
  const transport = await local()
  const file = join(await temporaryDirectory(), 'late')
  expect(await failureOf(transport.exec(sh`(sleep 0.3; touch ${file}); :`, { timeout: 100 }))).toMatchObject({
    host: 'here',
    failure: 'timeout',
  })
  const stop = new AbortController()
  const running = failureOf(transport.exec(sh`sleep 5`, { signal: stop.signal }))
  setTimeout(() => stop.abort(), 20)
  expect((await running).failure).toBe('aborted')
  expect((await transport.exec(sh`echo next`)).stdout.toString()).toBe('next\n')
  await pause(400)
  expect(existsSync(file)).toBe(false)
})

test('a background child that holds stdout keeps nobody longer than the limit', async () => {
  expect((await failureOf((await local()).exec(sh`sleep 5 & echo begun`, { timeout: 100 }))).failure).toBe('timeout')
})

test('a session answers line by line, and ends with the transport', async () => {
  const transport = await local()
  const session = await transport.open(sh`while read -r line; do echo "got $line"; done`)
  session.write('one\n')
  expect(await session.line()).toBe('got one')
  await transport.close()
  await session.ended
  expect((await failureOf(transport.exec(sh`true`))).failure).toBe('aborted')
})

test('traffic is counted', async () => {
  const transport = await local()
  await transport.exec(sh`cat`, { payload: Buffer.alloc(1000) })
  expect(transport.traffic.executions).toBe(1)
  expect(transport.traffic.bytesSent).toBeGreaterThan(1000)
  expect(transport.traffic.bytesReceived).toBeGreaterThanOrEqual(1000)
})
