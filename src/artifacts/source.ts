import type { Cluster } from '../inventory/cluster.ts'
import type { ArtifactIndex } from './artifact.ts'
import { openBundle } from './bundle.ts'
import { openMirror } from './mirror.ts'
import { openUpstream } from './upstream.ts'

/** Opens the source of artifacts that the inventory names. */
export async function openArtifacts(
  cluster: Pick<Cluster, 'artifacts' | 'proxy' | 'kubernetesVersion'>,
): Promise<ArtifactIndex> {
  const { source, path, url } = cluster.artifacts
  switch (source) {
    case 'bundle':
      return openBundle(path ?? '')
    case 'mirror':
      return openMirror(url ?? '', cluster)
    case 'upstream':
      return openUpstream(cluster)
  }
}
