import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { sh } from '../../src/transport/command.ts'
import { connected, failureOf } from './connecting.ts'

test('both outputs and the exit code arrive', async () => {
  const { transport } = await connected()
  const { code, stdout, stderr } = await transport.exec(sh`echo out; echo err >&2; exit 3`)
  expect([code, stdout.toString(), stderr.toString()]).toEqual([3, 'out\n', 'err\n'])
})

test('a command that was killed has an exit code too', async () => {
  const { transport } = await connected()
  expect((await transport.exec(sh`kill -KILL $$`)).code).toBe(128 + 9)
})

test('a script runs as root would run it: in /, with umask 022, LC_ALL=C and the sbin directories', async () => {
  const { transport } = await connected()
  const { stdout } = await transport.exec(sh`pwd; umask; echo $LC_ALL; echo $PATH`)
  expect(stdout.toString()).toMatch(/^\/\n0022\nC\n.*:\/usr\/sbin:.*:\/sbin:.*\n$/)
})

test('characters of several bytes stay whole, wherever the chunks end', async () => {
  const { transport } = await connected()
  const script = sh`printf '\303'; sleep 0.05; printf '\251\342\202'; sleep 0.05; printf '\254'; printf '\303\251' >&2`
  const { stdout, stderr } = await transport.exec(script)
  expect([stdout.toString(), stderr.toString()]).toEqual(['é€', 'é'])
})

test('bytes that are no text arrive as they are', async () => {
  const { transport } = await connected()
  const payload = Buffer.from(Array.from({ length: 1024 }, (_value, index) => index % 256))
  const { stdout } = await transport.exec(sh`cat`, { payload })
  expect(stdout.equals(payload)).toBe(true)
})

test('the command line is the same for every script, and holds neither script nor payload', async () => {
  const { server, transport } = await connected()
  await transport.exec(sh`echo ${'visible-in-ps'}`, { payload: Buffer.from('hunter2') })
  await transport.exec(sh`true`)
  const lines = server.commands.map((line) => line.replace(/bs=\d+/, 'bs=N'))
  expect(new Set(lines).size).toBe(1)
  expect(lines[0]).not.toMatch(/visible-in-ps|hunter2/)
  expect(lines[0]).toMatch(/^env LC_ALL=C sudo -n \/bin\/sh -c '[^'\\!]*'$/)
})

test('root needs no sudo', async () => {
  const { server, transport } = await connected({ sudo: 'absent' }, { user: 'root' })
  expect((await transport.exec(sh`echo here`)).stdout.toString()).toBe('here\n')
  expect(server.commands[0]).not.toContain('sudo')
})

test('a script is far longer than a command line may be', async () => {
  const { transport } = await connected()
  const { stdout } = await transport.exec(sh`printf %s ${'x'.repeat(400_000)} | wc -c; cat`, {
    payload: Buffer.from('rest'),
  })
  expect(stdout.toString()).toMatch(/^\s*400000\nrest$/)
})

test('any argument comes out of the host as it went in', async () => {
  const { transport } = await connected()
  const word = fc.string({ unit: 'grapheme', maxLength: 30 }).filter((text) => !text.includes('\0'))
  await fc.assert(
    fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 20 }), async (words) => {
      const { stdout } = await transport.exec(sh`printf '%s\0' ${words}`)
      expect(stdout.toString().split('\0').slice(0, -1)).toEqual(words)
    }),
    { numRuns: 15 },
  )
})

test('what a login shell prints by itself is no output of the script', async () => {
  const { transport } = await connected({ noise: 'echo Welcome to cp1; echo hm >&2; ' })
  expect((await transport.exec(sh`echo out`)).stdout.toString()).toBe('out\n')
})

test('64 MiB arrive unharmed, and the script can take them in parts', { timeout: 60_000 }, async () => {
  const { transport } = await connected()
  const piece = randomBytes(1 << 20)
  const sum = createHash('sha256')
  async function* payload() {
    for (let count = 0; count < 64; count += 1) {
      sum.update(piece)
      yield piece
    }
  }
  const half = sh`dd bs=1048576 count=32 iflag=fullblock 2>/dev/null`
  const { stdout } = await transport.exec(sh`{ ${half}; ${half}; } | sha256sum; wc -c`, { payload: payload() })
  expect(stdout.toString()).toBe(`${sum.digest('hex')}  -\n0\n`)
  expect(transport.traffic.bytesSent).toBeGreaterThan(64 << 20)
})

test('a payload is not read further than the host takes it', async () => {
  const { transport } = await connected()
  let made = 0
  async function* payload() {
    for (; made < 64; made += 1) yield Buffer.alloc(1 << 20)
  }
  const running = transport.exec(sh`sleep 0.3; exit 0`, { payload: payload() })
  await pause(200)
  expect(made).toBeLessThan(20)
  expect((await running).code).toBe(0)
})

test('a script that does not read its payload ends all the same', async () => {
  const { transport } = await connected()
  expect((await transport.exec(sh`exit 4`, { payload: Buffer.alloc(8 << 20) })).code).toBe(4)
  expect((await transport.exec(sh`echo next`)).stdout.toString()).toBe('next\n')
})

async function* failing(): AsyncGenerator<Buffer> {
  yield Buffer.from('some')
  await pause(5)
  throw new Error('download failed')
}

test('an error of the payload is reported as it is', async () => {
  const { transport } = await connected()
  await expect(transport.exec(sh`cat`, { payload: failing() })).rejects.toThrow('download failed')
  expect((await transport.exec(sh`echo next`)).stdout.toString()).toBe('next\n')
})

test('thirty commands at once use four sessions and warn of no leak', async () => {
  const warnings: Error[] = []
  const listen = (warning: Error): unknown => warnings.push(warning)
  process.on('warning', listen)
  const { server, transport } = await connected()
  const results = await Promise.all(
    Array.from({ length: 30 }, async (_value, index) => transport.exec(sh`echo ${index}`)),
  )
  process.off('warning', listen)
  expect(results.map(({ stdout }) => Number(stdout.toString()))).toEqual(
    Array.from({ length: 30 }, (_value, index) => index),
  )
  expect(server.mostSessions).toBe(4)
  expect(server.connections).toBe(1)
  expect(warnings).toEqual([])
})

test('a host that allows fewer sessions gets the commands one after the other', async () => {
  const { server, transport } = await connected({ maxSessions: 2 })
  const results = await Promise.all(Array.from({ length: 8 }, async () => transport.exec(sh`sleep 0.02; echo done`)))
  expect(results.every(({ stdout }) => stdout.toString() === 'done\n')).toBe(true)
  expect(server.mostSessions).toBe(2)
})

test('an answer takes three round trips', async () => {
  const latency = 20
  const { transport } = await connected({ latency })
  const times: number[] = []
  for (let count = 0; count < 4; count += 1) {
    const begin = performance.now()
    await transport.exec(sh`true`)
    times.push(performance.now() - begin)
  }
  expect(Math.min(...times)).toBeGreaterThan(3 * 2 * latency - 5)
  expect(Math.min(...times)).toBeLessThan(3 * 2 * latency + 280) // what a busy machine takes for four processes
})

test.each([
  ['password', /a password is required/, /NOPASSWD/],
  ['not-in-sudoers', /not in the sudoers file/, /NOPASSWD/],
  ['absent', /No such file|not found/, /Install sudo/],
] as const)('a user who can not become root is told so (sudo: %s)', async (sudo, message, hint) => {
  const { transport } = await connected({ sudo })
  const error = await failureOf(transport.exec(sh`true`))
  expect(error).toMatchObject({ host: 'cp1', failure: 'no-sudo' })
  expect(error.message).toMatch(message)
  expect(error.hint).toMatch(hint)
})

test('a script that itself says sudo and fails is no failure of sudo', async () => {
  const { transport } = await connected()
  expect((await transport.exec(sh`echo 'sudo: a password is required' >&2; exit 1`)).code).toBe(1)
})

test('an account that may run no command is told apart', async () => {
  const { transport } = await connected(
    { noise: 'echo Please login as the user ubuntu rather than root.; exit 142; ' },
    { user: 'root' },
  )
  const error = await failureOf(transport.exec(sh`true`))
  expect(error.failure).toBe('authentication')
  expect(error.message).toContain('Please login as the user ubuntu')
})

test('traffic is counted', async () => {
  const { transport } = await connected()
  expect(transport.traffic).toEqual({ executions: 0, bytesSent: 0, bytesReceived: 0 })
  await transport.exec(sh`cat`, { payload: Buffer.alloc(1000) })
  const { executions, bytesSent, bytesReceived } = transport.traffic
  expect(executions).toBe(1)
  expect(bytesSent).toBeGreaterThan(1000)
  expect(bytesReceived).toBeGreaterThanOrEqual(1000)
})
