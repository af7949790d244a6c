import { basename } from 'node:path'
import { loadInventory } from '../../inventory/load.ts'
import { isNode, isWorker } from '../../inventory/roles.ts'
import { counted } from '../render/text.ts'
import type { Verb } from '../verb.ts'

/** Checks the inventory alone: no host is asked. */
export const validate: Verb = async ({ flags, screen }) => {
  const { cluster } = await loadInventory(flags.inventory)
  const { name, kubernetesVersion, hosts } = cluster
  const controlPlanes = hosts.filter(({ roles }) => roles.includes('control-plane')).length
  const workers = hosts.filter(isWorker).length
  const etcdHosts = hosts.length - hosts.filter(isNode).length
  if (flags.output === 'json') {
    screen.print(
      JSON.stringify({
        formatVersion: 1,
        valid: true,
        cluster: name,
        kubernetesVersion,
        controlPlanes,
        workers,
        etcdHosts,
      }),
    )
    return 'success'
  }
  const ofEtcd = etcdHosts === 0 ? '' : `, ${counted(etcdHosts, 'host')} of etcd`
  const members = `${counted(controlPlanes, 'control plane')}, ${counted(workers, 'worker')}${ofEtcd}`
  const text = `${basename(flags.inventory)} is valid: cluster ${name}, Kubernetes ${kubernetesVersion}, ${members}`
  screen.print(screen.style('good', text))
  return 'success'
}
