import { expect, test } from 'vitest'
import { openArtifacts } from '../../src/artifacts/source.ts'
import { readManifests } from '../../src/artifacts/manifests.ts'
import { addonTags } from '../../src/kubernetes/versions.ts'
import { clusterOf } from '../support/facts.ts'
import { emptyCache, serve, sha256 } from './support.ts'

const tag = addonTags.flannel.replace(/^v/, '')
const manifest = 'kind: List\n'
const index = {
  formatVersion: 1,
  artifacts: [
    {
      name: 'kubelet',
      version: '1.37.1',
      architecture: 'amd64',
      kind: 'binary',
      file: 'kubelet/1.37.1/a b/kubelet',
      sha256: sha256('elf'),
      size: 3,
    },
    {
      name: 'flannel',
      version: tag,
      architecture: 'amd64',
      kind: 'manifest',
      file: 'flannel.yaml',
      sha256: sha256(manifest),
      size: manifest.length,
    },
  ],
}

function mirror(url: string, delivery: 'pull' | 'push' = 'pull') {
  const artifacts = { source: 'mirror', path: undefined, url, delivery, images: 'registry' } as const
  return clusterOf({ artifacts })
}

test('a web server with the tree of a bundle is a source', async () => {
  await emptyCache()
  const server = await serve({ '/k8s/index.json': JSON.stringify(index), '/k8s/flannel.yaml': manifest })
  const cluster = mirror(`${server.url}/k8s/`)
  const opened = await openArtifacts(cluster)
  const { from, size } = opened.find('kubelet', '1.37.1', 'amd64')
  expect('url' in from ? from.url.reveal() : '').toBe(`${server.url}/k8s/kubelet/1.37.1/a%20b/kubelet`)
  expect(size).toBe(3)
  expect(await readManifests(cluster, opened)).toEqual(new Map([[`flannel ${tag}`, manifest]]))
})

test('its files can be sent by this machine, too', async () => {
  await emptyCache()
  const server = await serve({ '/index.json': JSON.stringify(index) })
  const { from } = (await openArtifacts(mirror(server.url, 'push'))).find('kubelet', '1.37.1', 'amd64')
  expect('file' in from ? from.origin?.reveal() : '').toBe(`${server.url}/kubelet/1.37.1/a%20b/kubelet`)
})

test('a mirror without an index, or with another page in its place, is refused', async () => {
  const server = await serve({ '/page/index.json': '<html>' })
  await expect(openArtifacts(mirror(`${server.url}/none`))).rejects.toMatchObject({ details: { code: 'KW4004' } })
  await expect(openArtifacts(mirror(`${server.url}/page`))).rejects.toMatchObject({ details: { code: 'KW4002' } })
})

test('a password of the mirror is used and never shown', async () => {
  const server = await serve({ '/index.json': (asked, response) => response.end(asked.headers.authorization ?? '') })
  const url = server.url.replace('http://', 'http://user:hunter2@')
  const failure = (await openArtifacts(mirror(url)).catch((thrown: unknown) => thrown)) as Error
  expect(server.requests[0]?.headers.authorization).toMatch(/^Basic /)
  expect(failure.message).toContain(`${server.url}/index.json is not JSON`)
  expect(failure.message).not.toContain('hunter2')
})
