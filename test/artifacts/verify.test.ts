import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { verifyFiles, type VerifyOptions } from '../../src/artifacts/verify.ts'
import { errorsIn, type KubewrightError } from '../../src/engine/errors.ts'
import type { Deliver } from '../../src/engine/resource.ts'
import { Secret, sh } from '../../src/transport/command.ts'

async function scratch(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'kubewright-verify-'))
  onTestFinished(async () => rm(directory, { recursive: true }))
  return directory
}

async function deliveryOf(name: string, content: string | undefined, wanted = content ?? ''): Promise<Deliver> {
  const file = join(await scratch(), name)
  if (content !== undefined) await writeFile(file, content)
  const sha256 = createHash('sha256').update(wanted).digest('hex')
  return { kind: 'deliver', name, sha256, size: wanted.length, from: { file }, install: sh`:`, paths: [], undo: 'none' }
}

async function errorsOf(
  deliveries: readonly Deliver[],
  options: VerifyOptions = {},
): Promise<readonly KubewrightError[]> {
  return verifyFiles(deliveries, { memory: join(await scratch(), 'verified.json'), ...options }).then(
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

test('a file that was read is not read again until it changes, unless that is asked for', async () => {
  const memory = join(await scratch(), 'deeper', 'verified.json')
  const kubelet = await deliveryOf('kubelet 1.37.1', 'elf')
  const other = await deliveryOf('runc 1.1.5', 'runc')
  expect(await errorsOf([kubelet], { memory })).toEqual([])
  expect(await errorsOf([other], { memory })).toEqual([])
  const known = await readFile(memory, 'utf8')
  await writeFile(memory, known.replaceAll(kubelet.sha256, '0'.repeat(64)))
  expect((await errorsOf([kubelet], { memory }))[0]?.message).toContain(`it is ${'0'.repeat(64)}`)
  expect(await errorsOf([kubelet], { memory, deep: true })).toEqual([])
  await writeFile('file' in kubelet.from ? kubelet.from.file : '', 'elg')
  expect(await errorsOf([kubelet, other], { memory })).toHaveLength(1)
})

test('a memory that cannot be used costs time and nothing else', async () => {
  const directory = await scratch()
  await writeFile(join(directory, 'verified.json'), '{')
  const kubelet = await deliveryOf('kubelet 1.37.1', 'elf')
  expect(await errorsOf([kubelet], { memory: join(directory, 'verified.json') })).toEqual([])
  expect(await errorsOf([kubelet], { memory: join(directory, 'verified.json', 'under-a-file') })).toEqual([])
})
