import type { Change, Resource } from '../engine/resource.ts'
import { isIPv6Subnet } from '../kubernetes/node.ts'
import { lines, sh, type Command } from '../transport/command.ts'

/** Interfaces and routes of the pod network. */
export interface LinksState {
  readonly links: readonly string[]
  /** Pod subnets into which a route still leads. */
  readonly routed: readonly string[]
  /** Calico's use of the kernel's own IPIP tunnel, which cannot be deleted. */
  readonly tunnel: boolean
}

/** Interfaces that only a network of Kubernetes makes. */
const podLinks =
  /^(?:cni0|flannel\.\d+|flannel-v6\.\d+|flannel-wg(?:-v6)?|kube-ipvs0|nodelocaldns|vxlan(?:-v6)?\.calico|wireguard\.cali|cali[0-9a-f]{11})$/

/** No interface of the pod network and no route into it: a bridge with an old subnet stops every new pod. */
export function deletedLinks(podSubnets: readonly string[]): Resource<LinksState> {
  const routes = podSubnets.map(
    (subnet) => sh`[ -z "$(${ip(subnet)} route show root ${subnet})" ] || echo ${`route ${subnet}`}`,
  )
  const tunnel = sh`[ ! -d /var/lib/calico ] || [ -z "$(ip -o address show dev tunl0)" ] || echo tunnel`
  return {
    id: 'reset:links',
    probe: { script: lines(sh`ls /sys/class/net | sed 's/^/link /'`, ...routes, tunnel), parse: parseLinks },
    compare(state): Change | undefined {
      const found = [
        ...state.links,
        ...state.routed.map((subnet) => `routes into ${subnet}`),
        ...(state.tunnel ? ['the addresses of tunl0'] : []),
      ]
      if (found.length === 0) return undefined
      return {
        verb: 'delete',
        summary: `delete ${found.join(', ')}`,
        impact: 'workload',
        actions: [{ kind: 'run', command: deletion(state), undo: 'none' }],
      }
    },
    digest: ({ links, routed, tunnel: used }) => links.length > 0 || routed.length > 0 || used,
  }
}

function deletion({ links, routed, tunnel }: LinksState): Command {
  return lines(
    // One goes with another: the ends of a pair, what is on top of what.
    ...links.map((link) => sh`ip link delete ${link} || [ ! -e ${`/sys/class/net/${link}`} ]`),
    ...routed.map((subnet) => sh`${ip(subnet)} route flush root ${subnet}`),
    ...(tunnel ? [sh`ip address flush dev tunl0 && ip link set tunl0 down`] : []),
  )
}

function ip(subnet: string): Command {
  return isIPv6Subnet(subnet) ? sh`ip -6` : sh`ip -4`
}

function parseLinks(output: string): LinksState {
  const rows = output.split('\n')
  const of = (kind: string): readonly string[] =>
    rows.flatMap((row) => (row.startsWith(`${kind} `) ? [row.slice(kind.length + 1)] : []))
  return {
    links: of('link').filter((name) => podLinks.test(name)),
    routed: of('route'),
    tunnel: rows.includes('tunnel'),
  }
}
