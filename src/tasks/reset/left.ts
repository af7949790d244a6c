import type { Context } from '../context.ts'

const defaultKubelet = '/var/lib/kubelet'

/** Where the kubelet keeps its files: part of them always in the same place. */
export function kubeletDirectories({ host }: Context): readonly string[] {
  return [...new Set([defaultKubelet, host.directories.kubelet])]
}

/** What the kubelet makes below `root-dir`; elsewhere than in its usual place the directory may have more users. */
export const kubeletNames = [
  'pods',
  'plugins',
  'plugins_registry',
  'pod-resources',
  'pods-api',
  'device-plugins',
  'checkpoints',
  'pki',
  '*_manager_state',
  '*_pods_state',
  'dra_manager_state*',
  'image_manager',
]

/** Whether the directory is the kubelet's alone. */
export function isKubeletsOwn(directory: string): boolean {
  return directory === defaultKubelet
}

/** Whether we installed containerd, so that it goes with the cluster. */
export function hasOurContainerd({ facts }: Context): boolean {
  return Object.keys(facts.state.installed).some((path) => /\/(?:containerd|containerd\.service)$/.test(path))
}

/** Names of the cluster's control planes. */
export function controlPlanesOf({ cluster }: Context): readonly string[] {
  return cluster.hosts.filter(({ roles }) => roles.includes('control-plane')).map(({ name }) => name)
}
