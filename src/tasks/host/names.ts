import { isIP } from 'node:net'
import { task } from '../../engine/task.ts'
import { resolvableNames } from '../../resources/hosts-file.ts'
import type { Context } from '../context.ts'

/**
 * The few names that a node must resolve: its own, and that of the API when a single control plane stands behind it. Nodes reach
 * each other by address, and with several control planes an entry here would only pretend that there is a load balancer.
 */
export const hostNames = task<Context>({
  name: 'host/names',
  summary: 'Resolve host names',
  resources: ({ cluster, host, facts, fleet }) => {
    const { address, explicit } = cluster.controlPlaneEndpoint
    const [controlPlane, ...others] = cluster.hosts.filter(({ roles }) => roles.includes('control-plane'))
    const behind = controlPlane === undefined || others.length > 0 ? undefined : fleet.get(controlPlane.name)?.nodeIP
    const endpoint = !explicit || isIP(address) > 0 || behind === undefined ? [] : [{ name: address, address: behind }]
    return [resolvableNames([{ name: host.name, address: facts.nodeIP }, ...endpoint])]
  },
})
