import type { Facts } from '../../host/facts.ts'
import type { Context } from '../context.ts'
import { checks, enumerate, error, warning, type Check } from './check.ts'
import { clock } from './clock.ts'

/** The hosts before this one, in the order of the inventory: each pair is told once, on the later host. */
function earlier({ cluster, host, fleet }: Context): readonly (readonly [string, Facts])[] {
  const names = cluster.hosts.map(({ name }) => name)
  return names.slice(0, names.indexOf(host.name)).flatMap((name) => {
    const facts = fleet.get(name)
    return facts === undefined ? [] : [[name, facts] as const]
  })
}

/** The earlier hosts with the same value; none if the value is not known. */
function sharers(context: Context, valueOf: (facts: Facts) => string | undefined): readonly string[] {
  const own = valueOf(context.facts)
  if (own === undefined || own === '') return []
  return earlier(context)
    .filter(([, facts]) => valueOf(facts) === own)
    .map(([name]) => name)
}

/** Two hosts with one name are confused in logs and leases; a host that is called like another node even more so. */
const hostnames: Check = (context) => {
  const { cluster, host, facts } = context
  const hint =
    'Give each host a name of its own ("hostnamectl set-hostname"); the name of its node in the inventory is best.'
  const same = sharers(context, ({ hostname }) => hostname)
  if (same.length > 0) return [error('Hostname', `the host is called ${facts.hostname}, like ${enumerate(same)}`, hint)]
  const taken = cluster.hosts.some(({ name }) => name !== host.name && name === facts.hostname)
  if (!taken) return []
  return [
    error('Hostname', `the host is called ${facts.hostname}, which is the name of another node of the inventory`, hint),
  ]
}

/** systemd derives the address of flannel's interface, among others, from the machine's id. */
const machineIds: Check = (context) => {
  const same = sharers(context, ({ machineId }) => machineId)
  if (same.length === 0) return []
  return [
    error(
      'MachineID',
      `the host has the machine id ${context.facts.machineId}, like ${enumerate(same)}: it was cloned`,
      'Remove /etc/machine-id, run "systemd-machine-id-setup", and reboot.',
    ),
  ]
}

const productUuids: Check = (context) => {
  const same = sharers(context, ({ productUuid }) => productUuid)
  if (same.length === 0) return []
  return [
    warning(
      'ProductUUID',
      `the host has the product UUID ${context.facts.productUuid}, like ${enumerate(same)}`,
      'Give each virtual machine a UUID of its own; storage and cloud drivers tell nodes apart by it.',
    ),
  ]
}

function macOf(facts: Facts): string | undefined {
  return facts.addresses.find(({ address }) => address === facts.nodeIP)?.mac
}

const macAddresses: Check = (context) => {
  const same = sharers(context, macOf)
  if (same.length === 0) return []
  return [
    warning(
      'MACAddress',
      `the interface ${context.facts.interface} has the MAC address ${macOf(context.facts)}, like ${enumerate(same)}`,
      'Give each virtual machine a MAC address of its own, if these are in one network.',
    ),
  ]
}

/** As with VirtualBox, whose machines all have 10.0.2.15 on their first interface. */
const nodeIPs: Check = (context) => {
  const same = sharers(context, ({ nodeIP }) => nodeIP)
  if (same.length === 0) return []
  const others = context.facts.addresses
    .map(({ address }) => address)
    .filter((address) => address !== context.facts.nodeIP)
  const choice = others.length === 0 ? '' : `; it also has ${enumerate(others)}`
  return [
    error(
      'NodeIP',
      `the node's address ${context.facts.nodeIP} is also that of ${enumerate(same)}`,
      `Set nodeIP of each host in the inventory to the address by which the others reach it${choice}.`,
    ),
  ]
}

/** What has to differ from host to host, and the clocks, which must not. */
export const preflightFleet = checks('preflight/fleet', 'Compare the hosts', {
  Hostname: hostnames,
  MachineID: machineIds,
  ProductUUID: productUuids,
  MACAddress: macAddresses,
  UniqueNodeIP: nodeIPs,
  Clock: clock,
})
