import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { verifyFiles } from '../../src/artifacts/verify.ts'
import { errorsIn, type KubewrightError } from '../../src/engine/errors.ts'
import type { Deliver } from '../../src/engine/resource.ts'
import { Secret, sh } from '../../src/transport/command.ts'

async function deliveryOf(name: string, content: string | undefined, wanted = content ?? ''): Promise<Deliver> {
  const directory = await mkdtemp(join(tmpdir(), 'kubewright-verify-'))
  onTestFinished(async () => rm(directory, { recursive: true }))
  const file = join(directory, name)
  if (content !== undefined) await writeFile(file, content)
  const sha256 = createHash('sha256').update(wanted).digest('hex')
  return { kind: 'deliver', name, sha256, size: wanted.length, from: { file }, install: sh`:`, paths: [], undo: 'none' }
}

async function errorsOf(deliveries: readonly Deliver[]): Promise<readonly KubewrightError[]> {
  return verifyFiles(deliveries).then(
    () => [],
    (thrown: unknown) => errorsIn(thrown),
  )
}

test('files that are what the index says are fine', async () => {
  const kubelet = await deliveryOf('kubelet 1.37.1', 'elf')
  expect(await errorsOf([kubelet, kubelet])).toEqual([])
})

test('a wrong checksum is refused with both sums, once however many hosts want the file', async () => {
  const kubelet = await deliveryOf('kubelet 1.37.1', 'elg', 'elf')
  const errors = await errorsOf([kubelet, kubelet])
  expect(errors).toMatchObject([{ details: { code: 'KW4003', exit: 'refused' } }])
  const found = createHash('sha256').update('elg').digest('hex')
  expect(errors[0]?.message).toContain(`index.json says ${kubelet.sha256}, it is ${found}`)
})

test('all wrong files are told at once, those that are not there, too', async () => {
  const deliveries = await Promise.all([
    deliveryOf('etcd 3.7.0', undefined),
    deliveryOf('kubelet 1.37.1', 'elf'),
    deliveryOf('runc 1.1.5', '', 'elf'),
  ])
  const errors = await errorsOf(deliveries)
  expect(errors.map(({ message }) => message.split(': ')[0])).toEqual(['etcd 3.7.0', 'runc 1.1.5'])
  expect(errors[0]?.message).toMatch(/cannot be read: ENOENT/)
})

test('what a host downloads is checked there', async () => {
  const kubelet = await deliveryOf('kubelet 1.37.1', 'elg', 'elf')
  expect(
    await errorsOf([{ ...kubelet, from: { url: new Secret('http://mirror.example/kubelet'), curl: new Secret('') } }]),
  ).toEqual([])
})
