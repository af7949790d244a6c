import semver from 'semver'
import type { Finding } from '../../engine/resource.ts'
import type { KernelAbility } from '../../host/facts.ts'
import type { Cni } from '../../inventory/cluster.ts'
import { kubeProxyConfiguration } from '../../kubernetes/kube-proxy.ts'
import { kubeletConfiguration } from '../../kubernetes/kubelet.ts'
import { isNode } from '../../inventory/roles.ts'
import type { Context } from '../context.ts'
import { enumerate, error, warning, type Check } from './check.ts'

/** The oldest kernel that kubeadm takes, and the oldest with which kube-proxy uses nftables. */
const leastKernel = { kubernetes: '5.4.0', nftables: '5.13.0' }

/** Controllers without which kubeadm refuses a host, but for those of version 2 that are not listed (devices, freezer). */
const controllers = {
  1: ['cpu', 'cpuacct', 'cpuset', 'devices', 'freezer', 'memory', 'pids'],
  2: ['cpu', 'cpuset', 'memory', 'pids'],
} as const

/** A kernel that is not too old. */
export const kernelVersion: Check = ({ facts }) => {
  const version = semver.coerce(facts.kernel)
  if (version === null || semver.gte(version, leastKernel.kubernetes)) return []
  const message = `the kernel is ${facts.kernel}, Kubernetes needs ${leastKernel.kubernetes} or later`
  return [error('SystemVerification', message, 'Install a later kernel of the distribution, and reboot.')]
}

/** The kubelet refuses cgroup v1 since 1.35 unless it is told not to. */
export const cgroupVersion: Check = ({ cluster, host, facts }) => {
  if (facts.cgroupVersion !== 1 || facts.cgroupControllers.length === 0) return []
  const boot = 'boot the host with systemd.unified_cgroup_hierarchy=1'
  const allowed = kubeletConfiguration(cluster, host, facts)['failCgroupV1'] === false
  if (!allowed && semver.gte(cluster.kubernetesVersion, '1.35.0')) {
    const message = `the host has cgroup v1, which the kubelet ${cluster.kubernetesVersion} refuses`
    return [
      error('SystemVerification', message, `Set kubelet.config.failCgroupV1 to false in the inventory, or ${boot}.`),
    ]
  }
  const message = 'the host has cgroup v1, which Kubernetes does not develop any further'
  return [warning('SystemVerification', message, `Before a later Kubernetes drops it, ${boot}.`)]
}

/** All cgroup controllers that the kubelet needs. */
export const cgroupControllers: Check = ({ facts }) => {
  if (facts.cgroupControllers.length === 0) return []
  const missing = controllers[facts.cgroupVersion].filter((name) => !facts.cgroupControllers.includes(name))
  if (missing.length === 0) return []
  const message = `the cgroup controllers ${enumerate(missing)} are not enabled on this host`
  const hint = 'Enable them on the command line of the kernel (for memory: cgroup_enable=memory), and reboot.'
  return [
    error(
      'SystemVerification',
      missing.length === 1 ? message.replace('controllers', 'controller').replace(' are ', ' is ') : message,
      hint,
    ),
  ]
}

/** What the kernel has to be able to do for containers, the network and kube-proxy. */
export const kernelAbilities: Check = (context) => {
  const { kernelAbilities: known } = context.facts.survey
  const needed = neededAbilities(context).flatMap(({ name, why }) => lacking(name, known[name], why))
  if (!isNode(context.host)) return needed
  // Either kind of iptables will do.
  const iptables = [known['ip_tables'], known['nf_tables'], known['nft_compat']]
  const legacy = isThere(iptables[0])
  const modern = isThere(iptables[1]) && isThere(iptables[2])
  if (legacy || modern || iptables.includes(undefined)) return needed
  return [...needed, ...lacking('nf_tables with nft_compat', 'missing', 'iptables')]
}

interface Need {
  readonly name: string
  readonly why: string
}

function neededAbilities({ cluster, host }: Context): readonly Need[] {
  const containers = { name: 'overlay', why: 'containerd' }
  if (!isNode(host)) return [containers]
  const always = [containers, { name: 'br_netfilter', why: 'services' }, { name: 'nf_conntrack', why: 'kube-proxy' }]
  return [...always, ...networkNeeds(cluster.cni)]
}

function networkNeeds(cni: Cni): readonly Need[] {
  if (cni.name === 'none') return []
  if (cni.name === 'flannel') {
    if (cni.backend === 'host-gw') return []
    return [{ name: cni.backend, why: `the Flannel backend ${cni.backend}` }]
  }
  const sets = { name: 'ip_set', why: 'Calico' }
  if (cni.encapsulation === 'none') return [sets]
  const tunnel = cni.encapsulation === 'ipip' ? 'ipip' : 'vxlan'
  return [sets, { name: tunnel, why: `Calico's encapsulation ${cni.encapsulation}` }]
}

function isThere(ability: KernelAbility | undefined): boolean {
  return ability === 'builtin' || ability === 'loaded' || ability === 'loadable'
}

function lacking(name: string, ability: KernelAbility | undefined, why: string): readonly Finding[] {
  if (ability === undefined || isThere(ability)) return []
  const check = `KernelModule-${name.split(' ')[0]}`
  if (ability === 'disabled') {
    const message = `the configuration of modprobe forbids the kernel module ${name}, which ${why} needs`
    return [error(check, message, `Remove its "install ${name} /bin/false" from /etc/modprobe.d.`)]
  }
  const message = `the kernel has no ${name}, neither built in nor as a module; ${why} needs it`
  return [error(check, message, 'Install the package with the modules of the running kernel, or another kernel.')]
}

/** kube-proxy's mode, where the kernel can serve it; ipvs would otherwise fall back silently. */
export const proxyMode: Check = (context) => {
  const { cluster, facts } = context
  const { mode } = kubeProxyConfiguration(cluster, { nodeIP: facts.nodeIP })
  if (mode === 'ipvs') return [...ipvsModules(context), ipvsDeprecation]
  if (mode !== 'nftables') return []
  const version = semver.coerce(facts.kernel)
  const old = version !== null && semver.lt(version, leastKernel.nftables)
  return [
    ...lacking('nf_tables', facts.survey.kernelAbilities['nf_tables'], "kube-proxy's mode nftables"),
    ...(old
      ? [
          error(
            'KubeProxyMode',
            `the kernel is ${facts.kernel}, kube-proxy's mode nftables needs ${leastKernel.nftables} or later`,
            'Set kubeProxy.mode to iptables, or install a later kernel.',
          ),
        ]
      : []),
  ]
}

function ipvsModules({ facts }: Context): readonly Finding[] {
  const names = ['ip_vs', 'ip_vs_rr', 'ip_vs_wrr', 'ip_vs_sh', 'ip_set', 'nf_conntrack']
  const known = facts.survey.kernelAbilities
  const missing = names.filter((name) => known[name] === 'missing' || known[name] === 'disabled')
  if (missing.length === 0) return []
  const message = `kube-proxy's mode ipvs needs ${enumerate(missing)}, which the kernel of this host does not have`
  return [
    error(
      'KubeProxyMode',
      message,
      'Set kubeProxy.mode to iptables or nftables, or install a kernel with these modules.',
    ),
  ]
}

const ipvsDeprecation = warning(
  'KubeProxyMode',
  "kube-proxy's mode ipvs is deprecated since Kubernetes 1.35",
  'Set kubeProxy.mode to nftables, which replaces it.',
)
