import { KubewrightError } from '../../engine/errors.ts'
import { isNode } from '../../inventory/roles.ts'
import { enumerate, error, isControlPlane, warning, type Check } from './check.ts'

const mebibyte = 2 ** 20

/** kubeadm's minimum for a control plane, and what a worker needs for the kubelet, containerd and the network. */
const leastMemory = { controlPlane: 1700, worker: 1024, workerAtAll: 512 }

/** Enough memory for the role. */
export const memory: Check = (context) => {
  const { memoryBytes } = context.facts
  const mebibytes = Math.floor(memoryBytes / mebibyte)
  if (mebibytes === 0) return []
  const found = `the host has ${mebibytes} MiB of memory`
  const hint = 'Give the host more memory.'
  if (isControlPlane(context)) {
    if (mebibytes >= leastMemory.controlPlane) return []
    return [error('Mem', `${found}, a control plane needs ${leastMemory.controlPlane} MiB`, hint)]
  }
  if (mebibytes < leastMemory.workerAtAll) {
    const what = isNode(context.host) ? 'a worker needs' : 'a host of etcd needs'
    return [error('Mem', `${found}, ${what} ${leastMemory.workerAtAll} MiB for Kubernetes alone`, hint)]
  }
  if (mebibytes >= leastMemory.worker) return []
  return [
    warning(
      'Mem',
      `${found}, less than the ${leastMemory.worker} MiB that leave room for ${isNode(context.host) ? 'pods' : 'data'}`,
      hint,
    ),
  ]
}

/** kubeadm's two CPUs for a control plane. */
export const processors: Check = (context) => {
  const { cpus } = context.facts
  if (cpus === 0 || cpus >= 2 || !isControlPlane(context)) return []
  return [error('NumCPU', 'the host has 1 CPU, a control plane needs 2', 'Give the host another CPU.')]
}

/** Systems on which this is tested or that are close enough, with the major versions. */
const supportedSystems: Readonly<Record<string, readonly string[]>> = {
  debian: ['12', '13'],
  ubuntu: ['22.04', '24.04', '26.04'],
  rhel: ['9', '10'],
  centos: ['9', '10'],
  rocky: ['9', '10'],
  almalinux: ['9', '10'],
}

/** An operating system that this was made for. */
export const operatingSystem: Check = ({ facts }) => {
  const { id, versionId, name } = facts.os
  if (id === '') return []
  const versions = supportedSystems[id]
  if (versions?.some((version) => versionId === version || versionId.startsWith(`${version}.`)) === true) return []
  const others = versions === undefined ? Object.keys(supportedSystems) : versions.map((version) => `${id} ${version}`)
  return [
    warning(
      'OperatingSystem',
      `${name === '' ? `${id} ${versionId}` : name} is not among the systems that Kubewright is made for`,
      `It may work all the same; expected was one of ${enumerate(others)}.`,
    ),
  ]
}

/** systemd runs everything that is installed. */
export const initSystem: Check = ({ facts }) => {
  if (facts.survey.systemd) return []
  return [
    error(
      'Systemd',
      'systemd is not the init system of this host (there is no /run/systemd/system)',
      'Use a host that has booted with systemd: containerd and the kubelet run as its services.',
    ),
  ]
}

/** The source has the kubelet for the host's architecture; so it will have the rest. */
export const architecture: Check = ({ artifacts, cluster, facts }) => {
  if (facts.architecture === '') return []
  try {
    artifacts.find('kubelet', cluster.kubernetesVersion, facts.architecture)
    return []
  } catch (thrown) {
    const hint =
      thrown instanceof KubewrightError ? thrown.details.hint : 'Add the artifacts of this architecture to the source.'
    const wanted = `kubelet ${cluster.kubernetesVersion} for ${facts.architecture}`
    return [error('Architecture', `the source of artifacts has no ${wanted}, which this host needs`, hint)]
  }
}

/** Mounts of pods with `mountPropagation` need a root whose mounts propagate. */
export const mountPropagation: Check = ({ facts }) => {
  if (facts.survey.rootShared !== false) return []
  return [
    warning(
      'MountPropagation',
      'mounts below / do not propagate, which storage drivers and some networks need',
      'Run "mount --make-rshared /" at boot, or let systemd do it as it does on hosts that it has booted.',
    ),
  ]
}

/** SELinux is left alone unless the inventory says otherwise; then its policy has to know containers. */
export const selinux: Check = ({ facts, host }) => {
  if (facts.selinux !== 'enforcing' || host.selinux !== 'leave') return []
  return [
    warning(
      'SELinux',
      'SELinux is enforcing, and the inventory leaves it so',
      'Containers then need the policy package container-selinux; "selinux: permissive" for the host is the other way.',
    ),
  ]
}
