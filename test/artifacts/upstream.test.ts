import { expect, test } from 'vitest'
import { programVersions } from '../../src/artifacts/catalog.ts'
import { readManifests } from '../../src/artifacts/manifests.ts'
import { listedChecksum, openUpstream, publicSites, releasesOf, type Sites } from '../../src/artifacts/upstream.ts'
import { addonTags, supportedMinors } from '../../src/kubernetes/versions.ts'
import { clusterOf } from '../support/facts.ts'
import { emptyCache, serve, sha256, type WebServer } from './support.ts'

const artifacts = { source: 'upstream', path: undefined, url: undefined, delivery: 'pull', images: 'registry' } as const
const cluster = clusterOf({ artifacts })
const version = cluster.kubernetesVersion

/** A server with all checksum files, whose checksums are those of the files' names. */
async function published(
  change: (files: Record<string, string>) => void = () => undefined,
): Promise<{ server: WebServer; sites: Sites }> {
  const files: Record<string, string> = {}
  for (const { url, checksum } of releasesOf(version, { kubernetes: '', github: '', files: '' })) {
    if (!('url' in checksum)) continue
    const name = url.split('/').at(-1) ?? ''
    files[checksum.url] = `${files[checksum.url] ?? ''}${sha256(name)}  ${name}\n`
  }
  change(files)
  const server = await serve(files)
  return { server, sites: { kubernetes: server.url, github: server.url, files: server.url } }
}

test('every program of every supported minor has its place at its project', () => {
  for (const minor of supportedMinors) {
    const { etcd } = programVersions(`${minor}.1`)
    const releases = releasesOf(`${minor}.1`).filter(({ architecture }) => architecture !== 'arm64')
    expect(releases.map(({ name }) => name)).toEqual([
      'kubelet',
      'kubectl',
      'containerd',
      'runc',
      'cni-plugins',
      'crictl',
      'etcdctl',
      'etcdutl',
      'flannel',
      'calico',
    ])
    expect(releases[0]?.url).toBe(`https://dl.k8s.io/release/v${minor}.1/bin/linux/amd64/kubelet`)
    expect(releases.at(-3)).toMatchObject({
      url: `https://github.com/etcd-io/etcd/releases/download/v${etcd}/etcd-v${etcd}-linux-amd64.tar.gz`,
      checksum: { url: `https://github.com/etcd-io/etcd/releases/download/v${etcd}/SHA256SUMS` },
      member: `etcd-v${etcd}-linux-amd64/etcdutl`,
    })
  }
  expect(Object.values(publicSites).every((url) => url.startsWith('https://'))).toBe(true)
})

test.each(['flannel', 'calico'] as const)('the manifest of %s is pinned at the version that is used', (network) => {
  const manifest = releasesOf(version).find(({ name }) => name === network)
  expect(manifest?.url).toContain(`/${addonTags[network]}/`)
  expect(manifest?.checksum).toMatchObject({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string })
})

test('a host downloads from the project itself, with the published checksum', async () => {
  await emptyCache()
  const { sites } = await published()
  const index = await openUpstream(cluster, sites)
  const kubelet = index.find('kubelet', version, 'arm64')
  expect(kubelet).toMatchObject({ kind: 'binary', sha256: sha256('kubelet'), size: undefined })
  expect('url' in kubelet.from ? kubelet.from.url.reveal() : '').toBe(
    `${sites.kubernetes}/v${version}/bin/linux/arm64/kubelet`,
  )
  const { etcd } = programVersions(version)
  expect(index.find('etcdctl', etcd, 'amd64').member).toBe(`etcd-v${etcd}-linux-amd64/etcdctl`)
  expect(() => index.findImage('registry.k8s.io/pause:3.10.2', 'amd64')).toThrow(/upstream has no image/)
})

test('with delivery push this machine downloads into its cache and sends from there', async () => {
  await emptyCache()
  const { sites } = await published()
  const index = await openUpstream({ ...cluster, artifacts: { ...artifacts, delivery: 'push' } }, sites)
  const { from } = index.find('kubelet', version, 'amd64')
  expect('file' in from ? from.file : '').toContain(sha256('kubelet'))
  expect('file' in from ? from.origin?.reveal() : '').toBe(`${sites.kubernetes}/v${version}/bin/linux/amd64/kubelet`)
})

test('checksums are asked for once: a second run needs no network', async () => {
  await emptyCache()
  const { server, sites } = await published()
  const first = await openUpstream(cluster, sites)
  await server.close()
  expect((await openUpstream(cluster, sites)).digest).toBe(first.digest)
})

test('what a project has not published is not there, and nothing else is missing for it', async () => {
  await emptyCache()
  const { crictl } = programVersions(version)
  const { sites } = await published((files) => {
    for (const path of Object.keys(files).filter((name) => name.includes('crictl'))) delete files[path]
  })
  const index = await openUpstream(cluster, sites)
  expect(index.has('crictl', crictl, 'amd64')).toBe(false)
  expect(index.has('kubelet', version, 'amd64')).toBe(true)
})

test('a page in place of a checksum is refused', async () => {
  await emptyCache()
  const { sites } = await published((files) => {
    files[`/v${version}/bin/linux/amd64/kubelet.sha256`] = '<html>Please log in</html>'
  })
  await expect(openUpstream(cluster, sites)).rejects.toMatchObject({ details: { code: 'KW4002', exit: 'refused' } })
})

test('a manifest that is not the pinned one is refused', async () => {
  await emptyCache()
  const { server, sites } = await published((files) => {
    files[`/flannel-io/flannel/${addonTags.flannel}/Documentation/kube-flannel.yml`] = 'kind: Evil\n'
  })
  const index = await openUpstream(cluster, sites)
  await expect(readManifests(cluster, index)).rejects.toMatchObject({ details: { code: 'KW4003' } })
  expect(server.requests.at(-1)?.url).toContain('kube-flannel.yml')
})

test.each([
  ['a bare checksum', `${sha256('a')}\n`, sha256('a')],
  ['a list', `${sha256('b')}  b\n${sha256('a')}  a\n`, sha256('a')],
  ['a list of binary files', `${sha256('a')} *a\n`, sha256('a')],
  ['a list with directories', `${sha256('a')}  _output/a\n`, sha256('a')],
  ['a list without the file', `${sha256('b')}  b\n`, undefined],
  ['a checksum of another kind', `${sha256('a').slice(0, 40)}  a\n`, undefined],
  ['nothing', '', undefined],
])('in %s the checksum of a file is found', (_title, list, wanted) => {
  expect(listedChecksum(list, 'https://example.test/download/a')).toBe(wanted)
})
