import type { Resource } from '../../engine/resource.ts'
import { task } from '../../engine/task.ts'
import {
  apiServerCheck,
  keepalivedConfiguration,
  keepalivedFiles,
  keepalivedUnit,
  keepalivedUnitText,
} from '../../kubernetes/keepalived.ts'
import { clusterEndpointUrl, isVirtualIP } from '../../kubernetes/node.ts'
import { file } from '../../resources/file.ts'
import { ufwPeers } from '../../resources/firewall/ufw-peers.ts'
import { gate } from '../../resources/gate.ts'
import { service } from '../../resources/service.ts'
import { sh } from '../../transport/command.ts'
import type { Context } from '../context.ts'
import { notReady } from '../control-plane/ready.ts'
import { controlPlaneNames, otherControlPlaneIPs } from '../control-planes.ts'
import { hostFirewall } from '../host/firewall.ts'
import { programLabels } from '../programs.ts'
import { hasOurKeepalived } from './keepalived.ts'

/** keepalived on every control plane: one of those whose API server is well holds the address. */
export const endpointVirtualIP = task<Context>({
  name: 'endpoint/virtual-ip',
  summary: 'Hold the address of the API',
  resources: (context) =>
    isVirtualIP(context.cluster) ? [...(holds(context) ? [] : keepalived(context)), answering(context)] : [],
})

/** A control plane that holds the address, or may, expects a new one before that may hold it, or both would. */
export const endpointHeld = task<Context>({
  name: 'endpoint/held',
  summary: 'Expect the others that hold the address of the API',
  resources: (context) => (isVirtualIP(context.cluster) && holds(context) ? keepalived(context) : []),
})

/** The same of those whom the run concerns for nothing else. */
export const endpointPeers = task<Context>({
  name: 'endpoint/peers',
  summary: endpointHeld.summary,
  resources(context) {
    const resources = endpointHeld.resources(context)
    return resources.length === 0 ? [] : [...hostFirewall.resources(context), ...resources]
  },
})

/** Whether it may hold the address before this run; one that comes begins with all the others, whatever a run that was stopped has left. */
function holds(context: Context): boolean {
  return hasOurKeepalived(context) && context.nodes?.joining.includes(context.host.name) !== true
}

function keepalived(context: Context): readonly Resource[] {
  const { cluster, host, facts } = context
  const view = {
    name: host.name,
    nodeIP: facts.nodeIP,
    interface: facts.interface,
    place: controlPlaneNames(context).indexOf(host.name),
    peers: otherControlPlaneIPs(context),
  }
  const check = file(keepalivedFiles.check, apiServerCheck(cluster, facts.nodeIP), { mode: 0o755 })
  const configuration = file(keepalivedFiles.configuration, keepalivedConfiguration(cluster, view))
  const unit = file(keepalivedFiles.unit, keepalivedUnitText())
  return [
    check, // run each time anew, so it needs no restart
    ...programLabels(context, [check]),
    configuration,
    unit,
    service(keepalivedUnit, { inputs: [unit], reloads: [configuration] }),
    ...formerPeers(context),
  ]
}

/** One whose address is not known now may be a peer all the same. */
function formerPeers(context: Context): readonly Resource[] {
  const peers = otherControlPlaneIPs(context)
  const known = peers.length === controlPlaneNames(context).length - 1
  return known && context.host.firewall === 'manage' ? [ufwPeers(peers)] : []
}

/** The API answers by the address, whoever holds it. */
function answering({ cluster, facts }: Context) {
  const server = clusterEndpointUrl(cluster, facts.nodeIP)
  return gate('virtual-ip', {
    title: `the API by ${cluster.controlPlaneEndpoint.address}`,
    script: sh`[ -e /etc/kubernetes/admin.conf ] && kw_kubectl ${server} get --raw /readyz --request-timeout=3s 2>&1`,
    missing: notReady,
    gate: {
      limit: 120,
      interval: 0.5,
      explain: sh`ip -brief address show dev ${facts.interface}
journalctl -u ${keepalivedUnit} --no-pager -n 20 -o cat`,
      hint: 'The address has to be free, and the control planes have to let each other in by VRRP (IP protocol 112).',
    },
  })
}
