import { expect, test } from 'vitest'
import { parseBundleIndex } from '../../src/artifacts/bundle.ts'

const kubelet = {
  name: 'kubelet',
  version: '1.37.1',
  architecture: 'amd64',
  kind: 'binary',
  sha256: 'a'.repeat(64),
  size: 3,
}

function indexOf(entry: object) {
  const text = JSON.stringify({ formatVersion: 1, artifacts: [{ ...kubelet, ...entry }] })
  return parseBundleIndex(text, '/bundle/index.json', (file) => ({ file: `/bundle/${file}` }))
}

test('a program may be in an archive under the name that the index gives', () => {
  const index = indexOf({ file: 'kubelet.tar.gz', member: 'bin/kubelet' })
  expect(index.find('kubelet', '1.37.1', 'amd64')).toMatchObject({
    member: 'bin/kubelet',
    from: { file: '/bundle/kubelet.tar.gz' },
  })
})

test('an index says whether hosts need zstd for what it lists', () => {
  expect(indexOf({ file: 'kubelet' }).zstd).toBe(false)
  expect(indexOf({ file: 'kubelet.tar.zst', member: 'kubelet' }).zstd).toBe(true)
})
