import { minorData, minorOf } from '../kubernetes/versions.ts'

/** Versions of the programs that a Kubernetes version runs with, without a leading `v`; its own programs have its own version. */
export interface ProgramVersions {
  readonly containerd: string
  readonly runc: string
  readonly cniPlugins: string
  readonly crictl: string
  /** etcdctl and etcdutl are those of the etcd image. */
  readonly etcd: string
}

/** The newest versions that each minor was tried with; a new minor is one more row. */
const runtimes: Readonly<Record<string, Omit<ProgramVersions, 'etcd'>>> = {
  '1.36': { containerd: '2.2.9', runc: '1.1.5', cniPlugins: '1.9.1', crictl: '1.36.0' },
  '1.37': { containerd: '2.2.9', runc: '1.1.5', cniPlugins: '1.9.1', crictl: '1.37.0' },
}

/** The programs of a Kubernetes version, or an error that names the supported minors. */
export function programVersions(kubernetesVersion: string): ProgramVersions {
  // The part after the hyphen counts the builds of the image.
  const etcd = minorData(kubernetesVersion).etcd.replace(/-\d+$/, '')
  const row = runtimes[minorOf(kubernetesVersion)]
  if (row === undefined) throw new Error(`src/artifacts/catalog.ts has no row for Kubernetes ${kubernetesVersion}`)
  return { ...row, etcd }
}
