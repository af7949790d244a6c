import type { Finding, Resource } from '../../engine/resource.ts'
import { isWorker } from '../../inventory/roles.ts'
import { canonicalAddress, contains, isAddress } from '../../inventory/subnets.ts'
import { keepalivedFiles } from '../../kubernetes/keepalived.ts'
import { isVirtualIP } from '../../kubernetes/node.ts'
import { addressInUse, type AddressInUse } from '../../resources/address-in-use.ts'
import { sh } from '../../transport/command.ts'
import type { Context } from '../context.ts'
import { controlPlaneNames, leader } from '../control-planes.ts'
import { check, enumerate, error, isControlPlane, refusal, type Check } from './check.ts'
import { hasOurKeepalived } from '../endpoint/keepalived.ts'

const id = 'VirtualIP'

/** What has to be true of the address, which control planes hold by turns, before the first of them holds it. */
export function virtualIPChecks(context: Context): readonly Resource[] {
  if (!isVirtualIP(context.cluster) || !isControlPlane(context)) return []
  return [
    check('VirtualIPPeers', () => untold(context)),
    ...(hasOurKeepalived(context) && context.cluster.hosts.some(isWorker) ? [unchanged(context)] : []),
    ...(isUnheld(context) ? [unused(context)] : []),
  ]
}

/** Neighbours ask for the address where the node's interface is, so it has to be of a network there. */
export const virtualIPSubnet: Check = (context) => {
  const { cluster, facts } = context
  const { address } = cluster.controlPlaneEndpoint
  if (!isVirtualIP(cluster) || !isControlPlane(context) || facts.interface === '') return []
  const networks = facts.addresses
    .filter((one) => one.interface === facts.interface && !same(one.address, address))
    .map((one) => `${one.address}/${one.prefix}`)
  if (networks.length === 0 || networks.some((network) => contains(network, address))) return []
  const message = `the virtual address ${address} is in no network of ${facts.interface}, which has ${enumerate(networks)}`
  return [error(id, message, "Choose a free address of the nodes' network for controlPlaneEndpoint.")]
}

/** Who holds the address has to expect the new one, or both would hold it. */
function untold(context: Context): readonly Finding[] {
  const { fleet, run } = context
  if (hasOurKeepalived(context)) return []
  const others = controlPlaneNames(context).filter((name) => {
    const facts = fleet.get(name)
    return !run.includes(name) && facts !== undefined && hasOurKeepalived({ facts })
  })
  if (others.length === 0) return []
  const message = `the host would come to hold the virtual address, and ${enumerate(others)}, outside of --limit, would not expect it: both would hold the address`
  return [refusal('VirtualIPPeers', message, `Take ${enumerate(others)} into --limit, or leave this host out.`)]
}

/** Workers ask by the present address until they are told of another, and that is long after the control planes hold that one instead. */
function unchanged({ cluster }: Context): Resource<string> {
  const { address } = cluster.controlPlaneEndpoint
  return {
    id: 'preflight:VirtualIPChange',
    probe: {
      script: sh`sed -n 's/^# Holds \([^,]*\), .*/\1/p' ${keepalivedFiles.configuration} 2>/dev/null`,
      parse: (output) => output.trim(),
    },
    compare: () => undefined,
    digest: () => undefined,
    examine(present) {
      if (present === '' || same(present, address)) return []
      const message = `the control planes hold ${present}, by which the workers ask until they are told of ${address}: they would lose the API`
      const hint = `Apply provider: node-local first, with ${present} in apiServer.certSANs; after that virtual-ip with ${address}.`
      return [error('VirtualIPChange', message, hint)]
    },
  }
}

/** Asked once, and only while none of the cluster's hosts has the address; one that is not known could have it. */
function isUnheld(context: Context): boolean {
  const { cluster, host, fleet } = context
  if (leader(context) !== host.name || controlPlaneNames(context).some((name) => !fleet.has(name))) return false
  const { address } = cluster.controlPlaneEndpoint
  return ![...fleet.values()].some(({ addresses }) => addresses.some((one) => same(one.address, address)))
}

function unused(context: Context): Resource<AddressInUse> {
  const { address } = context.cluster.controlPlaneEndpoint
  const own = [...context.fleet.values()].flatMap(({ addresses }) => addresses.map(({ mac }) => mac.toLowerCase()))
  return addressInUse(address, context.facts.interface, ({ answers, mac }) => {
    // What is known of neighbours may be of the host that had the address a moment ago.
    const stranger = mac !== undefined && !own.includes(mac)
    if (!answers && !stranger) return []
    const who = mac === undefined ? 'somebody' : `the machine with the MAC address ${mac}`
    const message = `${who} has the virtual address ${address} already, and it is no host of the cluster`
    return [error(id, message, 'Choose a free address for controlPlaneEndpoint, or take it away from that machine.')]
  })
}

function same(one: string, other: string): boolean {
  return isAddress(one) && isAddress(other) && canonicalAddress(one) === canonicalAddress(other)
}
