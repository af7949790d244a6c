import { expect, test } from 'vitest'
import { operation } from '../engine/support.ts'
import { sandboxHost, type SandboxHost } from '../support/sandbox-host.ts'

const state = '/var/lib/kubewright'
const record = `${JSON.stringify({ id: 'c-2', name: 'test' })}\n`
const open = `${JSON.stringify({ id: 'op-0', playbook: 'test' })}\n`
const kept = `${state}/backups/op-0/secrets/etc/kubernetes/pki/ca.key`

/** A host of another cluster, which has an operation of its own. */
function foreignHost(): SandboxHost {
  const host = sandboxHost()
  host.write(`${state}/cluster.json`, record)
  host.write(`${state}/operation.json`, open)
  host.write(`${state}/journal/op-0.ndjson`, 'begun\n')
  host.write(kept, 'key')
  return host
}

function expectUntouched(host: SandboxHost): void {
  expect(host.read(`${state}/cluster.json`)).toBe(record)
  expect(host.read(`${state}/operation.json`)).toBe(open)
  expect(host.read(`${state}/journal/op-0.ndjson`)).toBe('begun\n')
  expect(host.read(kept)).toBe('key')
}

test.each(['done', 'superseded'] as const)(
  'an operation is not closed as %s on a host of another cluster',
  async (outcome) => {
    const host = foreignHost()
    await expect(host.target.finish(operation, outcome)).rejects.toMatchObject({ details: { code: 'KW2020' } })
    expectUntouched(host)
  },
)

test('a host of another cluster does not keep a snapshot for a run, either', async () => {
  const host = foreignHost()
  const passing = { ...operation, outside: ['cp1'] }
  await expect(host.target.begin(passing)).rejects.toMatchObject({ details: { code: 'KW2020' } })
  await expect(host.target.finish(passing, 'done')).rejects.toMatchObject({ details: { code: 'KW2020' } })
  expectUntouched(host)
})

test('an operation is not begun on a host of another cluster, and supersedes none there', async () => {
  const host = foreignHost()
  await expect(host.target.begin(operation)).rejects.toMatchObject({ details: { code: 'KW2020' } })
  expectUntouched(host)
})
