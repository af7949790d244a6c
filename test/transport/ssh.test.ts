import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sh } from '../../src/transport/command.ts'
import { connectSsh } from '../../src/transport/ssh.ts'
import { startSshd, testKey } from '../support/sshd.ts'

test('first', async () => {
  const key = testKey()
  const dir = await mkdtemp(join(tmpdir(), 'kw-'))
  await writeFile(join(dir, 'id'), key.private)
  const sshd = await startSshd({ authorized: [key] })
  const t = await connectSsh({
    host: 'h',
    address: '127.0.0.1',
    port: sshd.port,
    user: 'alice',
    identityFiles: [join(dir, 'id')],
    agent: undefined,
    knownHostsFiles: [],
    hostKey: `ssh-ed25519 ${sshd.hostKey.toString('base64')}`,
    connectTimeout: 5000,
  })
  const r = await t.exec(sh`echo hello; cat; echo err >&2; exit 3`, { payload: Buffer.from('payload') })
  expect([r.code, r.stdout.toString(), r.stderr.toString()]).toEqual([3, 'hello\npayload', 'err\n'])
  const s = await t.open(sh`while read x; do echo got $x; done`)
  s.write('a\n')
  expect(await s.line()).toBe('got a')
  s.end()
  await s.ended
  expect(await s.line()).toBe(undefined)
  console.log(t.traffic, sshd.commands)
  await t.close()
  await sshd.close()
  await rm(dir, { recursive: true })
})
