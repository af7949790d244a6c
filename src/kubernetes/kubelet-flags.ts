import type { Host, Taint } from '../inventory/cluster.ts'
import { commandFlags, flagsOf } from './flags.ts'
import { kubeletDirectory } from './kubelet.ts'
import { isNode } from '../inventory/roles.ts'

/** What the facts of a host say to its kubelet's flags. */
export interface KubeletFlagsView {
  /** One address, or one of each family with a comma. */
  readonly nodeIP: string
  /** The host's own name, as the kernel has it. */
  readonly hostname: string
}

/** `/var/lib/kubelet/kubeadm-flags.env`. */
export function kubeadmFlagsEnv(host: Host, view: KubeletFlagsView): string {
  const flags = commandFlags(flagsOf(kubeletFlags(host, view)), host.kubelet.extraArgs)
  const wrong = flags.find((flag) => /[\s"'\\$]/.test(flag))
  if (wrong !== undefined) {
    // systemd would split or expand it, and kubeadm splits at every space.
    throw new Error(`kubelet.extraArgs of ${host.name}: ${wrong} has a space, a quote, a backslash or a dollar sign`)
  }
  return `KUBELET_KUBEADM_ARGS="${flags.join(' ')}"\n`
}

/** Whether a kubelet may give its own node this label; the others are set through the API. */
export function isKubeletLabel(key: string): boolean {
  const domain = key.includes('/') ? key.slice(0, key.indexOf('/')) : ''
  const within = (parent: string) => domain === parent || domain.endsWith(`.${parent}`)
  if (!within('kubernetes.io') && !within('k8s.io')) return true
  return selfSetLabels.has(key) || within('kubelet.kubernetes.io') || within('node.kubernetes.io')
}

/** `key=value:effect`, as flags and kubectl write a taint. */
export function taintText({ key, value, effect }: Taint): string {
  return value === undefined || value === '' ? `${key}:${effect}` : `${key}=${value}:${effect}`
}

function kubeletFlags(host: Host, { nodeIP, hostname }: KubeletFlagsView): Readonly<Record<string, string>> {
  const onHost = {
    ...(host.name === hostname.trim().toLowerCase() ? {} : { 'hostname-override': host.name }),
    ...(host.directories.kubelet === kubeletDirectory ? {} : { 'root-dir': host.directories.kubelet }),
  }
  if (!isNode(host)) return onHost
  const labels = Object.entries(host.labels).filter(([key]) => isKubeletLabel(key))
  // The taints of a control plane come through the API, as kubeadm's do: its own pods must not wait for them.
  const taints = host.roles.includes('control-plane') ? [] : host.taints
  return {
    'node-ip': nodeIP,
    ...onHost,
    ...(labels.length > 0 ? { 'node-labels': labels.map((label) => label.join('=')).join(',') } : {}),
    ...(taints.length > 0 ? { 'register-with-taints': taints.map(taintText).join(',') } : {}),
  }
}

const selfSetLabels: ReadonlySet<string> = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'beta.kubernetes.io/instance-type',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
])
