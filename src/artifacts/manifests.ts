import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { KubewrightError } from '../engine/errors.ts'
import type { Cluster } from '../inventory/cluster.ts'
import { addonTags } from '../kubernetes/versions.ts'
import type { Artifact, ArtifactIndex } from './artifact.ts'

/** Upstream's manifests that the cluster needs, by `name version`; one with a wrong checksum is refused (KW4003). */
export async function readManifests(cluster: Cluster, artifacts: ArtifactIndex): Promise<ReadonlyMap<string, string>> {
  const version = addonTags[cluster.cni.name].replace(/^v/, '')
  const artifact = artifacts.find(cluster.cni.name, version, 'amd64')
  return new Map([[`${cluster.cni.name} ${version}`, await readChecked(artifact)]])
}

async function readChecked({ name, version, from, sha256 }: Artifact): Promise<string> {
  const bytes = 'file' in from ? await readFile(from.file) : await download(from.url)
  if (createHash('sha256').update(bytes).digest('hex') === sha256) return bytes.toString('utf8')
  throw new KubewrightError({
    code: 'KW4003',
    exit: 'refused',
    message: `The manifest of ${name} ${version} has a wrong checksum`,
    hint: 'Get the bundle again; its index.json says what the file should be. Nothing was changed.',
  })
}

async function download(url: string): Promise<Buffer> {
  const response = await fetch(url)
  if (!response.ok) throw new KubewrightError({ code: 'KW4004', exit: 'connection', message: `${url} answers ${response.status}`, hint: 'Check spec.artifacts and the way to it from this machine.' })
  return Buffer.from(await response.arrayBuffer())
}
