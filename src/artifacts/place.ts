import type { Deliver } from '../engine/resource.ts'
import type { ArtifactOptions, Proxy } from '../inventory/cluster.ts'
import { Secret } from '../transport/command.ts'
import { cachedPath } from './cache.ts'
import { curlConfig } from './proxy.ts'

/** Where an artifact behind a URL comes from: the host downloads it, or this machine does and sends it from its cache. */
export function placeOf(
  { url, sha256 }: { readonly url: string; readonly sha256: string },
  { delivery, proxy }: Pick<ArtifactOptions, 'delivery'> & { readonly proxy: Proxy | undefined },
): Deliver['from'] {
  const address = new Secret(url)
  return delivery === 'pull'
    ? { url: address, curl: curlConfig(url, proxy) }
    : { file: cachedPath(sha256), origin: address }
}
