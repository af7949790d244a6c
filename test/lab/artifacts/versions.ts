/** What belongs to one Kubernetes release; `kubeadm config images list` is asked to confirm it after a build. */
export interface KubernetesRelease {
  readonly etcd: string
  readonly etcdImage: string
  readonly coredns: string
}

/** The Kubernetes releases that the lab can make, newest first. */
export const kubernetesReleases: Readonly<Record<string, KubernetesRelease>> = {
  '1.37.1': { etcd: '3.7.0', etcdImage: '3.7.0-0', coredns: '1.14.6' },
  '1.36.4': { etcd: '3.6.8', etcdImage: '3.6.8-0', coredns: '1.14.2' },
}

/** The release that a lab runs unless told otherwise. */
export const newestKubernetes = '1.37.1'

/** Versions of everything that does not follow the Kubernetes release. */
export const versions = {
  containerd: '2.2.9',
  runc: '1.1.5',
  cniPlugins: '1.9.1',
  pause: '3.10.2',
  flannel: '0.28.4',
  flannelCniPlugin: '1.9.1-flannel1',
  // Flannel's plugin left the module of the reference plugins at 1.0; this is its last version there.
  flannelPluginModule: '0.9.1',
  calico: '3.28.5',
  // Calico's tags are no Go versions; this pre-release is the commit of the release above.
  calicoModule: '1.11.0-cni-plugin.0.20250813170300-a0db560f0520',
  agnhost: '2.66.1',
  registry: '3.1.2',
  // Debian's package, whatever its patch release is.
  haproxy: '2.6',
} as const

/** The release with this number, or an error that names the known ones. */
export function releaseOf(kubernetes: string): KubernetesRelease {
  const release = kubernetesReleases[kubernetes]
  if (release === undefined) {
    const known = Object.keys(kubernetesReleases).join(', ')
    throw new Error(
      `The lab has no Kubernetes ${kubernetes}: use one of ${known}, or add it to test/lab/artifacts/versions.ts.`,
    )
  }
  return release
}
