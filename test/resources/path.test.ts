import { expect, test } from 'vitest'
import { createHash } from 'node:crypto'
import { probeBatch } from '../../src/host/probe.ts'
import { pathProbe, type PathQuestion, type PathState } from '../../src/resources/path.ts'
import { sandboxHost, type SandboxHost } from '../support/sandbox-host.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

async function looked(host: SandboxHost, questions: readonly PathQuestion[]): Promise<readonly PathState[]> {
  const probes = questions.map((question) => pathProbe([question], (at) => at(question.path)))
  const batch = probeBatch(probes)
  const outputs = batch.parse(Buffer.from(await host.run(batch.script)))
  expect(outputs.size).toBe(2)
  return probes.map((probe) => probe.parse(outputs.get(probe.script.text) ?? ''))
}

test('all paths of a batch are looked at by one script, and each finds its own', async () => {
  const host = sandboxHost()
  host.write('/etc/kubernetes/a file', 'one\n', 0o600)
  host.write('/etc/kubernetes/empty', '')
  host.link('/etc/kubernetes/link', '/etc/kubernetes/empty')
  const [file, empty, link, directory, absent] = await looked(host, [
    { path: '/etc/kubernetes/a file' },
    { path: '/etc/kubernetes/empty' },
    { path: '/etc/kubernetes/link' },
    { path: '/etc/kubernetes' },
    { path: '/etc/kubernetes/a' },
  ])
  expect(file).toEqual({ kind: 'file', mode: '600', owner: 'root:root', sha256: sha256('one\n'), text: '' })
  expect(empty).toMatchObject({ kind: 'file', sha256: sha256('') })
  expect(link).toMatchObject({ kind: 'link', sha256: '-' })
  expect(directory).toMatchObject({ kind: 'directory', sha256: '-' })
  expect(absent).toEqual({ kind: 'absent', mode: '-', owner: '-', sha256: '-', text: '' })
})

test('a text is read if it differs, or always, and never else', async () => {
  const host = sandboxHost()
  const texts = {
    same: 'as wanted\n',
    other: '|a\n\n b\\c',
    swapped: 'as wanted\n',
    certificate: 'pem\n',
    secret: 'x\n',
  }
  for (const [name, text] of Object.entries(texts)) host.write(`/etc/${name}`, text)
  const states = await looked(host, [
    { path: '/etc/same', text: { ifNot: sha256(texts.same) } },
    { path: '/etc/other', text: { ifNot: sha256(texts.same) } },
    { path: '/etc/swapped', text: { ifNot: sha256(texts.other) } },
    { path: '/etc/certificate', text: 'always' },
    { path: '/etc/secret' },
  ])
  expect(states.map(({ text }) => text)).toEqual(['', texts.other, texts.swapped, texts.certificate, ''])
  host.link('/etc/leads-elsewhere', '/etc/secret')
  const [link] = await looked(host, [{ path: '/etc/leads-elsewhere', text: { ifNot: sha256(texts.same) } }])
  expect(link).toMatchObject({ kind: 'link', text: '' })
})
