import { expect, test } from 'vitest'
import type { ReadyChange } from '../../src/engine/target.ts'
import { sh } from '../../src/transport/command.ts'
import { operation } from '../engine/support.ts'
import { sandboxHost } from '../support/sandbox-host.ts'

const state = '/var/lib/kubewright'

/** A change that leaves a trace. */
const touching: ReadyChange = {
  resource: 'trace',
  change: { verb: 'run', summary: 'leave a trace', impact: 'none', actions: [] },
  actions: [{ action: { kind: 'run', command: sh`echo done >/trace`, undo: 'none' }, secret: false }],
}

function writing(path: string, secret: boolean): ReadyChange {
  return {
    resource: path,
    change: { verb: 'create', summary: path, impact: 'none', actions: [] },
    actions: [
      {
        action: { kind: 'write', path, content: '', mode: 0o600, undo: 'restore' },
        bytes: Buffer.from('content'),
        secret,
      },
    ],
  }
}

test('nothing is done on a host whose journal cannot be written', async () => {
  const host = sandboxHost()
  host.write(`${state}/journal/${operation.id}.ndjson/in-the-way`, '')
  await expect(host.target.act(operation, [touching])).rejects.toMatchObject({ details: { code: 'KW3006' } })
  expect(host.read('/trace')).toBeUndefined()
})

test('an operation is not begun, nor ended, on a host whose journal cannot be written', async () => {
  const host = sandboxHost()
  host.write(`${state}/journal/${operation.id}.ndjson/in-the-way`, '')
  await expect(host.target.begin(operation)).rejects.toMatchObject({ details: { code: 'KW3006' } })
  await expect(host.target.finish(operation, 'done')).rejects.toMatchObject({ details: { code: 'KW3006' } })
})

test('whoever still works on the host is what a new run is told of, not the journal', async () => {
  const host = sandboxHost()
  // As if an earlier action held the lock for longer than is waited.
  host.write('/usr/local/sbin/flock', '#!/bin/sh\nexit 1\n', 0o755)
  await expect(host.target.begin(operation)).rejects.toMatchObject({ details: { code: 'KW3007' } })
  await expect(host.target.act(operation, [touching])).rejects.toMatchObject({ details: { code: 'KW3007' } })
})

test('a full disk is told as such by whatever meets it first', async () => {
  const host = sandboxHost()
  host.write(
    '/usr/local/sbin/sync',
    '#!/bin/sh\necho "sync: error syncing: No space left on device" >&2\nexit 1\n',
    0o755,
  )
  await expect(host.target.act(operation, [touching])).rejects.toMatchObject({ details: { code: 'KW3005' } })
  expect(host.read('/trace')).toBeUndefined()
})

test('a key, and what is kept of a file, is on the disk before it has its name: after a power cut it is whole or not there', async () => {
  const host = sandboxHost()
  host.write(
    '/usr/local/sbin/sync',
    '#!/bin/sh\nfor path; do :; done; [ -s "$path" ] && echo "$path" >>/synced\n',
    0o755,
  )
  host.write('/etc/plain', 'as it was')
  await host.target.act(operation, [writing('/etc/ca.key', true), writing('/etc/plain', false)])
  const synced = host.read('/synced')?.split('\n') ?? []
  expect(synced.filter((path) => path.endsWith('.part'))).toEqual([
    '/etc/.kw-ca.key.part',
    `${state}/backups/${operation.id}/files/etc/plain.part`,
  ])
})
