import { task } from '../../engine/task.ts'
import { familyOf } from '../../inventory/subnets.ts'
import { kubeletConfiguration } from '../../kubernetes/kubelet.ts'
import { isNode } from '../../inventory/roles.ts'
import { renderText } from '../../render/template.ts'
import { notedDirectories, type TouchedDirectories } from '../../resources/directories-before.ts'
import { file } from '../../resources/file.ts'
import { notedKernel } from '../../resources/kernel-before.ts'
import { sysctlValues } from '../../resources/sysctl.ts'
import { containerdFile } from '../containerd/config.ts'
import type { Context } from '../context.ts'

/** Where the values are for the next boot. */
export const sysctlFile = '/etc/sysctl.d/99-kubernetes.conf'

/** With any of these there is something of ours on the host; one that runs etcd alone has no kernel parameters. */
const firstTraces = [sysctlFile, containerdFile]

/** What bridged pods and kube-proxy need of the kernel, in effect now and after a reboot. It comes after host/modules, which bring some of the keys. */
export const hostSysctl = task<Context>({
  name: 'host/sysctl',
  summary: 'Set kernel parameters',
  resources: (context) => {
    const values = wantedValues(context)
    const noted = [
      notedKernel(Object.keys(values), firstTraces),
      notedDirectories(touchedDirectories(context), firstTraces),
    ]
    if (Object.keys(values).length === 0) return noted
    const settings = Object.entries(values).map(([key, value]) => ({ key, value }))
    return [...noted, file(sysctlFile, renderText('host/sysctl.conf', { settings })), sysctlValues(values, sysctlFile)]
  },
})

/** etcd's is made private by us, containerd's by itself; kube-proxy's volume makes the last one on a kernel without modules. */
function touchedDirectories({ host }: Context): TouchedDirectories {
  return { changed: [host.directories.etcd, host.directories.containerd], made: ['/lib/modules'] }
}

function wantedValues({ cluster, host, facts }: Context): Readonly<Record<string, string>> {
  const dualStack = cluster.networking.podSubnets.some((subnet) => familyOf(subnet) === 6)
  const forNetwork = {
    'net.bridge.bridge-nf-call-iptables': '1',
    'net.bridge.bridge-nf-call-ip6tables': '1',
    'net.ipv4.ip_forward': '1',
    ...(dualStack ? { 'net.ipv6.conf.all.forwarding': '1' } : {}),
  }
  return {
    ...(isNode(host) ? forNetwork : {}),
    ...(kubeletConfiguration(cluster, host, facts)['protectKernelDefaults'] === true ? kubeletDefaults : {}),
  }
}

/** What a kubelet sets by itself unless it is told to refuse a kernel that is set otherwise. */
const kubeletDefaults = {
  'vm.overcommit_memory': '1',
  'vm.panic_on_oom': '0',
  'kernel.panic': '10',
  'kernel.panic_on_oops': '1',
  'kernel.keys.root_maxkeys': '1000000',
  'kernel.keys.root_maxbytes': '25000000',
}
