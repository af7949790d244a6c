import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import type { ExtraVolume, PlacedFile, StaticPodOptions } from '../inventory/cluster.ts'
import { kubernetesDirectory, pkiDirectory } from './node.ts'

/** A path of the host in a static pod; kubeadm's word for it is host path mount. */
export type HostPathMount = ExtraVolume

/** The directories that kubeadm mounts beside `/etc/ssl/certs` where they exist, since that one links into them. */
export const caDirectories: readonly string[] = [
  '/etc/pki/ca-trust',
  '/etc/pki/tls/certs',
  '/etc/ca-certificates',
  '/usr/share/ca-certificates',
  '/usr/local/share/ca-certificates',
]

/** etcd's own mounts; it writes into the first. */
export function etcdMounts(dataDirectory: string): readonly HostPathMount[] {
  return [
    hostPath('etcd-data', dataDirectory, 'DirectoryOrCreate', false),
    hostPath('etcd-certs', `${pkiDirectory}/etcd`, 'DirectoryOrCreate', false),
  ]
}

/** What the API server and the controller manager read: the keys, and the CAs that the host trusts. */
export function pkiMounts(existingCaDirectories: readonly string[]): readonly HostPathMount[] {
  const existing = caDirectories.filter((path) => existingCaDirectories.includes(path))
  return [
    hostPath('k8s-certs', pkiDirectory, 'DirectoryOrCreate', true),
    hostPath('ca-certs', '/etc/ssl/certs', 'DirectoryOrCreate', true),
    ...existing.map((path) => hostPath(volumeName(path), path, 'DirectoryOrCreate', true)),
  ]
}

/** The kubeconfig of a component, a single file as in kubeadm. */
export function kubeconfigMount(file: string): HostPathMount {
  return hostPath('kubeconfig', `${kubernetesDirectory}/${file}`, 'FileOrCreate', true)
}

/** What the inventory adds: its volumes, and mounts for its files. */
export function extraMounts({
  extraVolumes,
  files,
}: Pick<StaticPodOptions, 'extraVolumes' | 'files'>): readonly HostPathMount[] {
  const taken = new Set(extraVolumes.map(({ mountPath }) => posix.normalize(mountPath)))
  return [...extraVolumes, ...fileMounts(files).filter(({ mountPath }) => !taken.has(mountPath))]
}

/** The pod's volumes and its container's mounts; of two with one name the later counts. */
export function volumesOf(mounts: readonly HostPathMount[]): {
  readonly volumes: readonly object[]
  readonly volumeMounts: readonly object[]
} {
  const unique = [...new Map(mounts.map((mount) => [mount.name, mount])).values()]
  return {
    volumes: sortedByName(unique).map(({ name, hostPath: path, pathType: type }) => ({
      name,
      hostPath: { path, type },
    })),
    volumeMounts: unique.map(({ name, mountPath, readOnly }) => ({
      name,
      mountPath,
      ...(readOnly ? { readOnly } : {}),
    })),
  }
}

/** Orders mounts by name as kubeadm does for all components but etcd. */
export function sortedByName(mounts: readonly HostPathMount[]): readonly HostPathMount[] {
  return mounts.toSorted((one, other) => (one.name < other.name ? -1 : 1))
}

// A replaced file is a new inode, which only the mount of its directory shows; /etc/kubernetes itself would show every key.
function fileMounts(files: readonly PlacedFile[]): readonly HostPathMount[] {
  const paths = files.map(({ path }) => posix.normalize(path))
  const single = paths.filter((path) => posix.dirname(path) === kubernetesDirectory)
  const directories = paths.map((path) => posix.dirname(path)).filter((path) => path !== kubernetesDirectory)
  const outermost = [...new Set(directories)].filter(
    (path) => !directories.some((other) => path.startsWith(`${other}/`)),
  )
  const mounts = [
    ...outermost.map((path) => hostPath(volumeName(path), path, 'Directory', true)),
    ...[...new Set(single)].map((path) => hostPath(volumeName(path), path, 'File', true)),
  ]
  return withUniqueNames(mounts)
}

function hostPath(name: string, path: string, pathType: HostPathMount['pathType'], readOnly: boolean): HostPathMount {
  return { name, hostPath: path, mountPath: path, readOnly, pathType }
}

// kubeadm's names: /usr/share/ca-certificates is usr-share-ca-certificates; dots are not allowed.
function volumeName(path: string): string {
  const name = path
    .slice(1)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '-')
  return name.length <= 63 ? name : withDigest(name, path)
}

function withUniqueNames(mounts: readonly HostPathMount[]): readonly HostPathMount[] {
  const clashes = (mount: HostPathMount) => mounts.filter(({ name }) => name === mount.name).length > 1
  return mounts.map((mount) => (clashes(mount) ? { ...mount, name: withDigest(mount.name, mount.hostPath) } : mount))
}

function withDigest(name: string, path: string): string {
  return `${name.slice(0, 54)}-${createHash('sha256').update(path).digest('hex').slice(0, 8)}`
}
