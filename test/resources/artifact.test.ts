import { expect, test } from 'vitest'
import type { Artifact } from '../../src/artifacts/artifact.ts'
import { artifactFiles } from '../../src/resources/artifact.ts'
import { sandboxHost } from '../support/sandbox-host.ts'

const packed: Artifact = {
  name: 'runc',
  version: '1.1.5',
  architecture: 'amd64',
  kind: 'archive',
  sha256: 'a'.repeat(64),
  size: 3,
  image: undefined,
  member: undefined,
  from: { file: '/nowhere' },
}

test('a record that a full disk has cut short is no record, and no defect', async () => {
  const host = sandboxHost()
  host.write('/usr/local/sbin/runc', 'program', 0o755)
  host.write('/var/lib/kubewright/installed.ndjson', '{"path":"/usr/local/sbin/runc","sha256":"ab')
  const runc = artifactFiles(packed, [{ member: 'runc', path: '/usr/local/sbin/runc' }])
  const state = (await host.target.probe([runc])).get(runc.id) as Parameters<typeof runc.compare>[0]
  expect(runc.compare(state)).toMatchObject({ verb: 'update', summary: expect.stringContaining('not installed by us') })
})

test('a plan that was made with --deep is as good for a run without', () => {
  const path = '/usr/local/sbin/runc'
  const stat = '7 1795241261 42'
  const record = JSON.stringify({ path, sha256: 'b'.repeat(64), stat, name: 'runc 1.1.5', source: packed.sha256 })
  const runc = artifactFiles(packed, [{ member: 'runc', path }])
  const found = `path=${path}\nstat=${stat}\nmode=755\nrecord=${record}\n`
  const digest = (output: string): unknown => runc.digest?.(runc.probe.parse(output))
  expect(digest(found)).toEqual(digest(`${found}sha256=${'b'.repeat(64)}\n`))
  expect(digest(found)).not.toEqual(digest(`${found}sha256=${'c'.repeat(64)}\n`))
})
