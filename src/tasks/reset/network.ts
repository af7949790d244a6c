import { task } from '../../engine/task.ts'
import { editedFile } from '../../resources/edited-file.ts'
import { erased } from '../../resources/reset-erased.ts'
import { closedFirewall, withoutOurInclude, withoutOurRules } from '../../resources/reset-firewall.ts'
import { deletedLinks } from '../../resources/reset-links.ts'
import { unmounted } from '../../resources/reset-mounts.ts'
import { withoutRules, withoutSets } from '../../resources/reset-netfilter.ts'
import type { Context } from '../context.ts'

/** Files from which a firewall's rules come back at boot. */
export const firewallFiles = {
  iptables: ['/etc/iptables/rules.v4', '/etc/iptables/rules.v6', '/etc/sysconfig/iptables', '/etc/sysconfig/ip6tables'],
  nftables: ['/etc/nftables.conf', '/etc/sysconfig/nftables.conf'],
} as const

/** Takes away the pod network: its interfaces, rules and files. What others have in the same places stays. */
export const resetNetwork = task<Context>({
  name: 'reset/network',
  summary: 'Remove the pod network',
  resources: ({ cluster }) => [
    deletedLinks(cluster.networking.podSubnets),
    withoutRules(),
    withoutSets(),
    closedFirewall(),
    ...firewallFiles.iptables.map((path) => editedFile(path, withoutOurRules, { why: 'no rules of ours at boot' })),
    ...firewallFiles.nftables.map((path) => editedFile(path, withoutOurInclude, { why: 'no rules of ours at boot' })),
    // Calico mounts the cgroups for its programs in the kernel.
    unmounted('calico', ['/run/calico']),
    erased(
      'cni',
      [
        {
          directory: '/etc/cni/net.d',
          names: ['10-flannel.conflist', '*-calico.conflist', 'calico-*', '*-canal.conflist'],
        },
        { directory: '/opt/cni/bin', names: ['flannel', 'calico', 'calico-ipam'] },
        { directory: '/var/lib/cni', names: ['flannel'] },
        // The networks of Flannel and Calico; those of other users of the plugins have other names.
        { directory: '/var/lib/cni/networks', names: ['cbr0', 'k8s-pod-network'] },
        ...['results', 'cache/results', 'cache'].map((directory) => ({
          directory: `/var/lib/cni/${directory}`,
          names: ['cbr0-*', 'k8s-pod-network-*', 'cni-loopback-*'],
        })),
        { directory: '/var/lib', names: ['calico'] },
        { directory: '/var/log', names: ['calico'] },
        { directory: '/var/log/pods', names: ['kube-system_calico-*'] },
        { directory: '/var/log/containers', names: ['calico-*'] },
        { directory: '/run', names: ['flannel', 'calico', 'nodeagent'] },
        { directory: '/etc/nftables.d', names: ['kubewright.nft'] },
      ],
      { what: 'what the pod network keeps' },
    ),
  ],
})
