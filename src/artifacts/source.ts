import { KubewrightError } from '../engine/errors.ts'
import type { Cluster } from '../inventory/cluster.ts'
import type { ArtifactIndex } from './artifact.ts'
import { openBundle, parseBundleIndex } from './bundle.ts'

/** Opens the source of artifacts that the inventory names. */
export async function openArtifacts({ artifacts }: Pick<Cluster, 'artifacts'>): Promise<ArtifactIndex> {
  if (artifacts.path !== undefined) return openBundle(artifacts.path)
  const { url } = artifacts
  if (url === undefined) throw new Error('the inventory names neither a bundle nor a mirror')
  const base = url.replace(/\/+$/, '')
  const response = await fetch(`${base}/index.json`).catch((cause: unknown) => {
    throw unreachable(base, cause)
  })
  if (!response.ok) throw unreachable(base, `it answers ${response.status}`)
  return parseBundleIndex(await response.text(), `${base}/index.json`, (file) => ({ url: `${base}/${file}` }))
}

function unreachable(url: string, cause: unknown): KubewrightError {
  return new KubewrightError({
    code: 'KW4004',
    exit: 'connection',
    message: `The artifact mirror ${url} cannot be read from this machine`,
    hint: 'spec.artifacts.url must be the address of a directory that holds index.json.',
    cause,
  })
}
