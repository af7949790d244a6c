import { task } from '../../engine/task.ts'
import { restoredDirectories } from '../../resources/directories-before.ts'
import { editedFile } from '../../resources/edited-file.ts'
import { resolvableNames } from '../../resources/hosts-file.ts'
import { restoredKernel } from '../../resources/kernel-before.ts'
import { withoutEmpty } from '../../resources/reset-erased.ts'
import { uninstalled } from '../../resources/reset-installed.ts'
import { swapMarker } from '../../resources/swap.ts'
import { sh } from '../../transport/command.ts'
import type { Context } from '../context.ts'
import { sysctlFile } from '../host/sysctl.ts'
import { kubeletDirectories } from './left.ts'
import { firewallFiles } from './network.ts'

/** Takes our lines out of the host's files, removes what was installed, and puts back what that replaced. */
export const resetFiles = task<Context>({
  name: 'reset/files',
  summary: 'Remove what was installed',
  resources: (context) => {
    const { etcd, containerd } = context.host.directories
    const data = ['/etc/kubernetes', '/var/lib/cni', etcd, containerd, ...kubeletDirectories(context)]
    const edited = ['/etc/fstab', '/etc/hosts', ...firewallFiles.iptables, ...firewallFiles.nftables]
    const afterwards = sh`systemctl daemon-reload; swapon -a || true`
    const emptied = ['cni', 'kubelet', 'kubernetes', 'etcd', 'containerd'].map((name) => `erased:${name}`)
    return [
      // A copy from before the installation would lose what the owner has changed since.
      editedFile('/etc/fstab', withSwap, { why: 'swap as it was', afterwards }),
      resolvableNames([]),
      restoredKernel(sysctlFile),
      restoredDirectories(),
      uninstalled([...data, ...edited]),
      withoutEmpty(directories, [...emptied, 'reset:installed']),
    ]
  },
})

/** Nobody else makes these. Where the inventory names others, what is empty there may be its owner's. */
const directories = [
  '/etc/kubernetes',
  '/etc/containerd',
  '/etc/cni',
  '/etc/nftables.d',
  '/opt/cni',
  '/opt/containerd',
  '/usr/libexec/kubernetes',
  '/usr/libexec/keepalived',
  '/var/lib/cni',
  '/var/lib/containerd',
  '/var/lib/etcd',
  '/var/lib/kubelet',
  '/run/containerd',
  '/run/netns',
  ...['kubelet', 'containerd'].flatMap((unit) => [
    `/etc/systemd/system/${unit}.service.d`,
    `/usr/lib/systemd/system/${unit}.service.d`,
  ]),
]

/** The text of `/etc/fstab` with the lines that were commented out for the cluster. */
export function withSwap(fstab: string): string {
  return fstab
    .split('\n')
    .map((line) => (line.startsWith(swapMarker) ? line.slice(swapMarker.length) : line))
    .join('\n')
}
