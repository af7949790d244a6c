import { isIPv6Subnet } from '../../kubernetes/node.ts'
import type { Context } from '../context.ts'
import { error, type Check } from './check.ts'

/** What the network takes from the host: UDP ports, and interfaces by which it is known that it has them itself. */
interface Tunnel {
  readonly title: string
  readonly ports: readonly number[]
  readonly links: RegExp
}

function tunnelOf({ cni, networking }: Context['cluster']): Tunnel | undefined {
  if (cni.name === 'none') return undefined
  const vxlan = cni.name === 'flannel' ? cni.backend === 'vxlan' : cni.encapsulation.startsWith('vxlan')
  const title = cni.name === 'flannel' ? 'Flannel' : 'Calico'
  if (vxlan) return { title, ports: [cni.port], links: /^(?:flannel\.|flannel-v6|vxlan(?:-v6)?\.calico$)/ }
  if (cni.name !== 'flannel' || cni.backend !== 'wireguard') return undefined
  const ports = new Set(networking.podSubnets.map((subnet) => (isIPv6Subnet(subnet) ? 51_821 : 51_820)))
  return { title, ports: [...ports], links: /^flannel-wg/ }
}

/** UDP ports that the network's tunnel needs and somebody else has; of other VXLANs there is a finding of its own. */
export const datagrams: Check = ({ cluster, facts }) => {
  const { survey } = facts
  const tunnel = tunnelOf(cluster)
  if (tunnel === undefined || survey.links.some((name) => tunnel.links.test(name))) return []
  return tunnel.ports.flatMap((port) => {
    const taken = survey.datagrams.find((one) => one.port === port)
    if (taken === undefined || survey.vxlans.some((one) => one.port === port)) return []
    const by = taken.process === undefined ? 'the kernel (a tunnel of your own)' : `the process ${taken.process}`
    return [
      error(
        `Port-${port}`,
        `UDP port ${port}, which ${tunnel.title} needs between the nodes, is taken by ${by}`,
        `Let it use another port ("ss -lunp sport = :${port}" shows it), or choose another encapsulation in spec.cni.`,
      ),
    ]
  })
}
