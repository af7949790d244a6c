import { task } from '../../engine/task.ts'
import { kubeProxyConfiguration } from '../../kubernetes/kube-proxy.ts'
import { isNode } from '../../inventory/roles.ts'
import { renderText } from '../../render/template.ts'
import { file, ownedDirectory } from '../../resources/file.ts'
import { kernelModule } from '../../resources/kernel-module.ts'
import type { Context } from '../context.ts'

const directory = '/etc/modules-load.d'

/** Kernel modules that containers and services need, loaded now and at boot. What is built into the kernel needs neither. */
export const hostModules = task<Context>({
  name: 'host/modules',
  summary: 'Load kernel modules',
  resources: ({ cluster, host, facts }) => {
    const { mode } = kubeProxyConfiguration(cluster, { nodeIP: facts.nodeIP })
    const ipvs = mode === 'ipvs' ? ['ip_vs', 'ip_vs_rr', 'ip_vs_wrr', 'ip_vs_sh', 'nf_conntrack'] : []
    const wanted = isNode(host) ? ['overlay', 'br_netfilter', ...ipvs] : ['overlay']
    const modules = wanted.filter((name) => facts.survey.kernelAbilities[name] !== 'builtin')
    const files =
      modules.length === 0 ? [] : [file(`${directory}/kubewright.conf`, renderText('host/modules.conf', { modules }))]
    return [...files, ownedDirectory(directory, files), ...modules.map(kernelModule)]
  },
})
