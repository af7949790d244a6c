import { KubewrightError } from '../engine/errors.ts'
import type { Cluster } from '../inventory/cluster.ts'
import { addonTags } from '../kubernetes/versions.ts'
import type { Artifact, ArtifactIndex } from './artifact.ts'
import { artifactIndex } from './bundle.ts'
import { fetchText } from './cache.ts'
import { programVersions } from './catalog.ts'
import { placeOf } from './place.ts'

/** Where the projects publish; another address has the same tree. */
export const publicSites = {
  kubernetes: 'https://dl.k8s.io/release',
  github: 'https://github.com',
  files: 'https://raw.githubusercontent.com',
}

export type Sites = typeof publicSites

const architectures = ['amd64', 'arm64'] as const

/** One file as upstream publishes it, with its checksum or with the file that lists that. */
export interface Release {
  readonly name: string
  readonly version: string
  readonly architecture: string
  readonly kind: Artifact['kind']
  readonly url: string
  readonly checksum: { readonly url: string } | { readonly sha256: string }
  readonly member?: string
}

/** The manifests of the networks have no published checksums; these are of the files that the Go checksum database vouches for. */
const manifests = [
  {
    name: 'flannel',
    tag: addonTags.flannel,
    path: `flannel-io/flannel/${addonTags.flannel}/Documentation/kube-flannel.yml`,
    sha256: '0bd380eb4954227c903bdea96dc9254650badd2d45ebe31978a47c3ffe2e9727',
  },
  {
    name: 'calico',
    tag: addonTags.calico,
    path: `projectcalico/calico/${addonTags.calico}/manifests/calico-vxlan.yaml`,
    sha256: '034b15449b896732fd65e30ec109fb469fa97b78d0d8b6986dac478f7a960629',
  },
]

/** Everything that a Kubernetes version needs from the sites of its projects. Images come from their registries. */
export function releasesOf(kubernetesVersion: string, sites: Sites = publicSites): readonly Release[] {
  const networks = manifests.map(({ name, tag, path, sha256 }): Release => ({
    name,
    version: tag.replace(/^v/, ''),
    architecture: 'any',
    kind: 'manifest',
    url: `${sites.files}/${path}`,
    checksum: { sha256 },
  }))
  return [...architectures.flatMap((architecture) => programsOf(kubernetesVersion, architecture, sites)), ...networks]
}

function programsOf(kubernetesVersion: string, architecture: string, sites: Sites): readonly Release[] {
  const { containerd, runc, cniPlugins, crictl, etcd } = programVersions(kubernetesVersion)
  const release = (repository: string, tag: string) => `${sites.github}/${repository}/releases/download/${tag}`
  const kubernetes = ['kubelet', 'kubectl'].map((name): Release => {
    const url = `${sites.kubernetes}/v${kubernetesVersion}/bin/linux/${architecture}/${name}`
    return { name, version: kubernetesVersion, architecture, kind: 'binary', url, checksum: { url: `${url}.sha256` } }
  })
  const containerdUrl = `${release('containerd/containerd', `v${containerd}`)}/containerd-${containerd}-linux-${architecture}.tar.gz`
  const runcRelease = release('opencontainers/runc', `v${runc}`)
  const pluginsUrl = `${release('containernetworking/plugins', `v${cniPlugins}`)}/cni-plugins-linux-${architecture}-v${cniPlugins}.tgz`
  const crictlUrl = `${release('kubernetes-sigs/cri-tools', `v${crictl}`)}/crictl-v${crictl}-linux-${architecture}.tar.gz`
  const etcdRelease = release('etcd-io/etcd', `v${etcd}`)
  const etcdFolder = `etcd-v${etcd}-linux-${architecture}`
  return [
    ...kubernetes,
    {
      name: 'containerd',
      version: containerd,
      architecture,
      kind: 'archive',
      url: containerdUrl,
      checksum: { url: `${containerdUrl}.sha256sum` },
    },
    {
      name: 'runc',
      version: runc,
      architecture,
      kind: 'binary',
      url: `${runcRelease}/runc.${architecture}`,
      checksum: { url: `${runcRelease}/runc.sha256sum` },
    },
    {
      name: 'cni-plugins',
      version: cniPlugins,
      architecture,
      kind: 'archive',
      url: pluginsUrl,
      checksum: { url: `${pluginsUrl}.sha256` },
    },
    {
      name: 'crictl',
      version: crictl,
      architecture,
      kind: 'binary',
      url: crictlUrl,
      checksum: { url: `${crictlUrl}.sha256` },
      member: 'crictl',
    },
    ...['etcdctl', 'etcdutl'].map((name): Release => ({
      name,
      version: etcd,
      architecture,
      kind: 'binary',
      url: `${etcdRelease}/${etcdFolder}.tar.gz`,
      checksum: { url: `${etcdRelease}/SHA256SUMS` },
      member: `${etcdFolder}/${name}`,
    })),
  ]
}

/**
 * What the projects publish for the cluster's version. Checksums are asked for once and kept, so that a published file that
 * changes later is refused, and so that later runs need no network for a plan. What is not published is not in the index.
 */
export async function openUpstream(
  { kubernetesVersion, artifacts, proxy }: Pick<Cluster, 'kubernetesVersion' | 'artifacts' | 'proxy'>,
  sites: Sites = publicSites,
): Promise<ArtifactIndex> {
  const releases = releasesOf(kubernetesVersion, sites)
  const urls = [...new Set(releases.flatMap(({ checksum }) => ('url' in checksum ? [checksum.url] : [])))]
  const lists = new Map(await Promise.all(urls.map(async (url) => [url, await fetchText(url, proxy)] as const)))
  const found = releases.flatMap((release): Artifact[] => {
    const { checksum, url, member, ...about } = release
    const list = 'url' in checksum ? lists.get(checksum.url) : undefined
    if ('url' in checksum && list === undefined) return []
    const sha256 = 'sha256' in checksum ? checksum.sha256 : listedChecksum(list ?? '', url)
    if (sha256 === undefined) throw unlisted(release)
    const from = placeOf({ url, sha256 }, { delivery: artifacts.delivery, proxy })
    return [{ ...about, sha256, size: undefined, from, image: undefined, member }]
  })
  return artifactIndex(found, 'upstream')
}

/** The checksum of a file in a list of `sha256sum`, or the only one where nothing but one is published. */
export function listedChecksum(list: string, url: string): string | undefined {
  const file = url.slice(url.lastIndexOf('/') + 1)
  const rows = list.split('\n').map((row) => /^([0-9a-f]{64})(?:\s+\*?(\S+))?\s*$/.exec(row.trim()))
  const named = rows.find((row) => row?.[2]?.split('/').at(-1) === file)
  if (named !== undefined) return named?.[1]
  const [only, ...others] = rows.filter((row) => row !== null)
  return others.length === 0 && only?.[2] === undefined ? only?.[1] : undefined
}

function unlisted({ name, version, checksum }: Release): KubewrightError {
  const place = 'url' in checksum ? checksum.url : ''
  return new KubewrightError({
    code: 'KW4002',
    exit: 'refused',
    message: `${place} lists no checksum of ${name} ${version}`,
    hint: 'Nothing is installed unchecked. A proxy may have given another page; else use a mirror or a bundle.',
  })
}
