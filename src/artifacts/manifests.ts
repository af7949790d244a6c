import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { KubewrightError } from '../engine/errors.ts'
import type { Cluster } from '../inventory/cluster.ts'
import { addonTags } from '../kubernetes/versions.ts'
import type { Artifact, ArtifactIndex } from './artifact.ts'
import { fetchFile } from './cache.ts'

/** Upstream's manifests that the cluster needs, by `name version`; one with a wrong checksum is refused (KW4003). */
export async function readManifests(
  { cni, proxy }: Pick<Cluster, 'cni' | 'proxy'>,
  artifacts: ArtifactIndex,
): Promise<ReadonlyMap<string, string>> {
  if (cni.name === 'none') return new Map()
  const version = addonTags[cni.name].replace(/^v/, '')
  const artifact = artifacts.find(cni.name, version, 'amd64')
  return new Map([[`${cni.name} ${version}`, await readChecked(artifact, proxy)]])
}

async function readChecked(artifact: Artifact, proxy: Cluster['proxy']): Promise<string> {
  const { name, version, sha256 } = artifact
  const bytes = await readFile(await localFile(artifact, proxy))
  if (createHash('sha256').update(bytes).digest('hex') === sha256) return bytes.toString('utf8')
  throw new KubewrightError({
    code: 'KW4003',
    exit: 'refused',
    message: `The manifest of ${name} ${version} has a wrong checksum`,
    hint: 'Get the bundle again; its index.json says what the file should be. Nothing was changed.',
  })
}

async function localFile({ name, from, sha256 }: Artifact, proxy: Cluster['proxy']): Promise<string> {
  if ('url' in from) return fetchFile({ name, url: from.url.reveal(), sha256 }, proxy)
  return from.origin === undefined ? from.file : fetchFile({ name, url: from.origin.reveal(), sha256 }, proxy)
}
