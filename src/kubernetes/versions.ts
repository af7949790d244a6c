import type { Cluster } from '../inventory/cluster.ts'

/** What belongs to one Kubernetes minor: a new minor is one more row here and its golden files. */
export interface Minor {
  /** Image tags, as `kubeadm config images list` of the minor's newest patch prints them. */
  readonly etcd: string
  readonly coredns: string
  readonly pause: string
  /** The oldest containerd that the kubelet works with. */
  readonly minimalContainerd: string
  /** The oldest etcd that kubeadm takes where it does not run it itself. */
  readonly minimalExternalEtcd: string
  /** Whether the kubelet reads a changed client CA file without a restart. */
  readonly kubeletReloadsClientCA: boolean
  /** Targets of kubeadm's `--patches`, for those who carry patches over. */
  readonly patchTargets: readonly string[]
  /** What changed against the minor before, one sentence each, for the plan of an upgrade. */
  readonly changes: readonly string[]
}

const patchTargets = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubeletconfiguration',
  'corednsdeployment',
]

/** The supported minors, oldest first. */
export const minors: Readonly<Record<string, Minor>> = {
  '1.36': {
    etcd: '3.6.8-0',
    coredns: 'v1.14.2',
    pause: '3.10.2',
    minimalContainerd: '2.0.0', // the first with CRI's RuntimeConfig
    minimalExternalEtcd: '3.5.24',
    kubeletReloadsClientCA: true,
    patchTargets,
    changes: [
      'etcd older than 3.6 is not supported any more.',
      'The kubelet needs a container runtime with CRI RuntimeConfig, for containerd that is 2.0.',
      'The controller manager mounts no flex volume directory any more.',
      'The kubelet reads a changed client CA file without a restart.',
    ],
  },
  '1.37': {
    etcd: '3.7.0-0',
    coredns: 'v1.14.6',
    pause: '3.10.2',
    minimalContainerd: '2.0.0',
    minimalExternalEtcd: '3.5.24',
    kubeletReloadsClientCA: true,
    patchTargets: [...patchTargets, 'kubeproxydaemonset'],
    changes: [
      'etcd is 3.7, which has dropped its --experimental flags.',
      'kubeadm reads configuration of v1beta4 only.',
      "The API server's kubelet client certificate has no organization; the binding kubeadm:apiserver-kubelet-client takes its place.",
      'kubeadm writes the mode of kube-proxy, iptables unless told otherwise, and warns of ipvs.',
    ],
  },
}

/** `1.36`, `1.37`. */
export const supportedMinors: readonly string[] = Object.keys(minors)

/** Image tags of what does not follow the Kubernetes minor. */
export const addonTags = {
  flannel: 'v0.28.4',
  flannelCniPlugin: 'v1.9.1-flannel1',
  calico: 'v3.28.5',
  agnhost: '2.66.1',
  haproxy: '2.6',
} as const

/** `1.37` for `1.37.1`. */
export function minorOf(version: string): string {
  return version.replace(/^v/, '').split('.').slice(0, 2).join('.')
}

/** The row of a Kubernetes version, or an error that names the supported minors. */
export function minorData(version: string): Minor {
  const row = minors[minorOf(version)]
  if (row !== undefined) return row
  throw new Error(`Kubernetes ${version} is not supported: use one of ${supportedMinors.join(', ')}.`)
}

export type ImageName =
  | 'apiServer'
  | 'controllerManager'
  | 'scheduler'
  | 'kubeProxy'
  | 'etcd'
  | 'coredns'
  | 'pause'
  | 'flannel'
  | 'flannelCniPlugin'
  | 'calicoNode'
  | 'calicoCni'
  | 'calicoKubeControllers'
  | 'calicoTypha'
  | 'agnhost'
  | 'haproxy'

/** A full image reference for each name. */
export type Images = Readonly<Record<ImageName, string>>

/** The images of a Kubernetes version under upstream's names. */
export function upstreamImages(kubernetesVersion: string): Images {
  const { etcd, coredns, pause } = minorData(kubernetesVersion)
  const component = (name: string) => `registry.k8s.io/${name}:v${kubernetesVersion}`
  const calico = (name: string) => `docker.io/calico/${name}:${addonTags.calico}`
  return {
    apiServer: component('kube-apiserver'),
    controllerManager: component('kube-controller-manager'),
    scheduler: component('kube-scheduler'),
    kubeProxy: component('kube-proxy'),
    etcd: `registry.k8s.io/etcd:${etcd}`,
    coredns: `registry.k8s.io/coredns/coredns:${coredns}`,
    pause: `registry.k8s.io/pause:${pause}`,
    flannel: `ghcr.io/flannel-io/flannel:${addonTags.flannel}`,
    flannelCniPlugin: `ghcr.io/flannel-io/flannel-cni-plugin:${addonTags.flannelCniPlugin}`,
    calicoNode: calico('node'),
    calicoCni: calico('cni'),
    calicoKubeControllers: calico('kube-controllers'),
    calicoTypha: calico('typha'),
    agnhost: `registry.k8s.io/e2e-test-images/agnhost:${addonTags.agnhost}`,
    haproxy: `docker.io/library/haproxy:${addonTags.haproxy}`,
  }
}

/** The images of a cluster where its inventory says that they are. */
export function imagesOf(cluster: Pick<Cluster, 'kubernetesVersion' | 'imageRepositories'>): Images {
  const upstream = Object.entries(upstreamImages(cluster.kubernetesVersion))
  const mapped = upstream.map(([name, image]) => [name, mirroredImage(image, cluster.imageRepositories)])
  return Object.fromEntries(mapped) as Images
}

/** An upstream reference with the longest matching prefix of the map replaced. */
export function mirroredImage(image: string, repositories: Readonly<Record<string, string>>): string {
  const prefixes = Object.keys(repositories).filter((prefix) => startsWithRepository(image, prefix))
  const longest = prefixes.toSorted((one, other) => other.length - one.length)[0]
  const mirror = longest === undefined ? undefined : repositories[longest]
  if (longest === undefined || mirror === undefined) return image
  return mirror.replace(/\/+$/, '') + image.slice(longest.replace(/\/+$/, '').length)
}

// `registry.k8s.io/etcd` is a prefix of `registry.k8s.io/etcd:3`, not of `registry.k8s.io/etcd-tools:3`.
function startsWithRepository(image: string, prefix: string): boolean {
  const repository = prefix.replace(/\/+$/, '')
  return image.startsWith(repository) && /^(?:$|[/:@])/.test(image.slice(repository.length))
}
