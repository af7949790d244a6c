import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import type { ReadStream, WriteStream } from 'node:tty'
import { expect, onTestFinished, test } from 'vitest'
import { connectAll, connectHosts } from '../../src/cli/connect.ts'
import { passphrasePrompt } from '../../src/cli/passphrase.ts'
import { KubewrightErrors } from '../../src/engine/errors.ts'
import type { Host } from '../../src/inventory/cluster.ts'
import { sh } from '../../src/transport/command.ts'
import type { SshSurroundings } from '../../src/transport/ssh-config.ts'
import { clusterOf, hostOf } from '../support/facts.ts'
import { startSshd, testKey } from '../support/sshd.ts'

async function reachable(): Promise<{ host: Host; surroundings: SshSurroundings }> {
  const home = await mkdtemp(join(tmpdir(), 'kubewright-connect-'))
  const key = testKey()
  const sshd = await startSshd({ authorized: [key] })
  onTestFinished(async () => {
    await sshd.close()
    await rm(home, { recursive: true })
  })
  const identityFile = join(home, 'id')
  const knownHostsFile = join(home, 'known_hosts')
  await writeFile(identityFile, key.private, { mode: 0o600 })
  await writeFile(knownHostsFile, `[127.0.0.1]:${sshd.port} ssh-ed25519 ${sshd.hostKey.toString('base64')}\n`)
  const ssh = { ...hostOf().ssh, address: '127.0.0.1', port: sshd.port, identityFile, knownHostsFile }
  return { host: hostOf({ name: 'near', ssh }), surroundings: { env: {}, home, username: 'admin' } }
}

const local = hostOf({ name: 'here', connection: 'local' })
const gone = hostOf({ name: 'gone', ssh: { ...hostOf().ssh, address: '127.0.0.1', port: 1 } })

test('hosts that answer are connected, those that do not are errors, and nothing is thrown', async () => {
  const { host, surroundings } = await reachable()
  const connected: string[] = []
  const options = { surroundings, connected: (name: string) => void connected.push(name) }
  const { transports, errors } = await connectHosts([gone, host, local], options)
  expect([...transports.keys()]).toEqual(['near', 'here'])
  expect(connected.toSorted()).toEqual(['here', 'near'])
  expect(errors.map(({ details: { code, host, exit } }) => [code, host, exit])).toEqual([
    ['KW2001', 'gone', 'connection'],
  ])
  const result = await transports.get('near')?.exec(sh`echo hello`)
  expect(result?.stdout.toString()).toBe('hello\n')
  await Promise.all([...transports.values()].map(async (transport) => transport.close()))
})

test('connecting to all or none rejects with the errors of all hosts at once', async () => {
  const other = { ...gone, name: 'lost' }
  const options = { emit: () => undefined, abort: new AbortController().signal }
  const attempt = connectAll(clusterOf(), [local, gone, other], options)
  const errors = await attempt.catch((thrown: unknown) => (thrown as KubewrightErrors).errors)
  expect(errors).toMatchObject([{ details: { host: 'gone' } }, { details: { host: 'lost' } }])
})

test('a run that is given up stops connecting', async () => {
  const abort = new AbortController()
  abort.abort()
  const { errors } = await connectHosts([gone], { signal: abort.signal })
  expect(errors[0]?.details.code).toMatch(/^KW20/)
})

function terminal() {
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => input }) as unknown as ReadStream
  const shown: string[] = []
  const output = { isTTY: true, write: (text: string) => shown.push(text) } as unknown as WriteStream
  return { input, output, shown }
}

test('a passphrase is asked for once per file, without an echo', async () => {
  const { input, output, shown } = terminal()
  const ask = passphrasePrompt(input, output)
  const answers = Promise.all([ask?.('/id'), ask?.('/id')])
  input.push('open seasme')
  input.push('\u007F\u007F\u007F\u007F\u007Fesame\r')
  const [one, other] = await answers
  expect(one?.reveal()).toBe('open sesame')
  expect(other).toBe(one)
  expect(shown).toEqual(['\r\u001B[2KPassphrase for /id: ', '\n'])
})

test('an empty passphrase and the end of the input are none', async () => {
  const { input, output } = terminal()
  const ask = passphrasePrompt(input, output)
  const answers = Promise.all([ask?.('/a'), ask?.('/b')])
  input.push('\r')
  setTimeout(() => input.push('\u0004'), 10)
  expect(await answers).toEqual([undefined, undefined])
})

test('where there is no terminal nobody is asked', () => {
  const { input, output } = terminal()
  expect(passphrasePrompt(Object.assign(input, { isTTY: false }), output)).toBeUndefined()
})
