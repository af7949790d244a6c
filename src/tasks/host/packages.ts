import { task } from '../../engine/task.ts'
import { isControlPlane, isWorker } from '../../inventory/roles.ts'
import { kubeProxyConfiguration } from '../../kubernetes/kube-proxy.ts'
import { isNodeLocal, isVirtualIP } from '../../kubernetes/node.ts'
import { packages, type Need } from '../../resources/package.ts'
import type { Context } from '../context.ts'

/** Programs that the kubelet, the CNI plugins and those who look for trouble need on the host; kube-proxy and Flannel bring their own. */
export const hostPackages = task<Context>({
  name: 'host/packages',
  summary: 'Install packages',
  resources: (context) => [
    packages(neededPrograms(context), { manager: context.facts.packageManager, proxy: context.cluster.proxy }),
  ],
})

const always: readonly Need[] = [
  { provides: 'mount', apt: 'mount', dnf: 'util-linux' }, // the kubelet's volumes
  { provides: 'losetup', apt: 'mount', dnf: 'util-linux' }, // its block volumes
  { provides: 'nsenter', apt: 'util-linux', dnf: 'util-linux' },
  { provides: 'iptables', apt: 'iptables', dnf: 'iptables' }, // the kubelet's chains, the CNI plugins portmap and firewall
  { provides: 'modprobe', apt: 'kmod', dnf: 'kmod' },
  { provides: 'ip', apt: 'iproute2', dnf: 'iproute' },
  { provides: 'conntrack', apt: 'conntrack', dnf: 'conntrack-tools' },
  { provides: 'ethtool', apt: 'ethtool', dnf: 'ethtool' },
]

/** By which Felix is asked for its readiness, and haproxy for its configuration. */
const bash: Need = { provides: 'bash', apt: 'bash', dnf: 'bash' }

/** Sets of addresses, which Calico leaves in the kernel; `reset` takes them out with it. */
const ipset: Need = { provides: 'ipset', apt: 'ipset', dnf: 'ipset' }

/** By which tar unpacks what is compressed so. */
const zstd: Need = { provides: 'zstd', apt: 'zstd', dnf: 'zstd' }

/** What kube-proxy does with a mode, an operator sees with these. */
const proxyModes: Readonly<Record<string, readonly Need[]>> = {
  iptables: [],
  nftables: [{ provides: 'nft', apt: 'nftables', dnf: 'nftables' }],
  ipvs: [ipset, { provides: 'ipvsadm', apt: 'ipvsadm', dnf: 'ipvsadm' }],
}

/** Holds the virtual address of the API, and asks for the API server of its host. */
const virtualIP: readonly Need[] = [
  { provides: 'keepalived', apt: 'keepalived', dnf: 'keepalived' },
  { provides: 'curl', apt: 'curl', dnf: 'curl' },
]

const downloads: readonly Need[] = [{ provides: 'curl', apt: 'curl', dnf: 'curl' }]

/** Other systems have them from the start. */
const debianAuthorities: Need = {
  provides: '/etc/ssl/certs/ca-certificates.crt',
  apt: 'ca-certificates',
  dnf: 'ca-certificates',
}

/** The policy by which containers are confined where SELinux enforces; Debian has none. */
const containerPolicy: Need = {
  provides: '/usr/share/containers/selinux/contexts',
  apt: 'selinux-policy-default',
  dnf: 'container-selinux',
}

function neededPrograms({ cluster, facts, host, artifacts }: Context): readonly Need[] {
  const { delivery, images } = cluster.artifacts
  const { packageManager, selinux } = facts
  const { mode } = kubeProxyConfiguration(cluster, { nodeIP: facts.nodeIP })
  return [
    ...always,
    ...(proxyModes[String(mode)] ?? []),
    ...(cluster.cni.name === 'calico' ? [ipset] : []),
    ...(cluster.cni.name === 'calico' || (isNodeLocal(cluster) && isWorker(host)) ? [bash] : []),
    ...(isVirtualIP(cluster) && isControlPlane(host) ? virtualIP : []),
    ...(artifacts.zstd ? [zstd] : []),
    ...(delivery === 'pull' ? downloads : []),
    ...(packageManager === 'apt' && (delivery === 'pull' || images === 'registry') ? [debianAuthorities] : []),
    ...(packageManager === 'dnf' && selinux === 'enforcing' && host.selinux === 'leave' ? [containerPolicy] : []),
  ]
}
