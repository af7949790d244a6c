import type { Cluster } from '../inventory/cluster.ts'
import type { ArtifactIndex } from './artifact.ts'
import { parseBundleIndex } from './bundle.ts'
import { downloadText, unavailable, withoutPassword } from './download.ts'
import { placeOf } from './place.ts'

/** Reads `index.json` of a web server that has the tree of a bundle. It is read at each run, since a mirror may get more. */
export async function openMirror(
  url: string,
  { artifacts, proxy }: Pick<Cluster, 'artifacts' | 'proxy'>,
): Promise<ArtifactIndex> {
  const base = url.replace(/\/+$/, '')
  const index = `${base}/index.json`
  const text = await downloadText(index, proxy)
  if (text === undefined) throw unavailable(index, 'it is not there (404)')
  return parseBundleIndex(text, withoutPassword(index), (file, sha256) =>
    placeOf({ url: `${base}/${encodePath(file)}`, sha256 }, { delivery: artifacts.delivery, proxy }),
  )
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}
