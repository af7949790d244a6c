import { nearest } from './nearest.ts'
import type { Finding, InventoryPath } from './problem.ts'
import { knownNodeIP, sshAddressOf } from './resolve-host.ts'
import type { InventoryHost, InventorySpec } from './schema.ts'
import { settingsOf } from './settings.ts'
import { canonicalAddress, isAddress, rangeOf } from './subnets.ts'

/** What is wrong with hosts, alone or between them. */
export function checkHosts(spec: InventorySpec): Finding[] {
  const names = duplicates(spec.hosts, ({ name }) => name)
  return [
    ...names.map(([index, first]): Finding => {
      const { name } = spec.hosts[index]!
      const message = `the name ${name} is already that of spec.hosts[${first}]`
      return { code: 'KW1021', path: pathOf(index, 'name'), message, hint: 'give every host its own name' }
    }),
    ...checkAddresses(spec, new Set(names.map(([index]) => index))),
    ...checkNodeIPs(spec),
    ...checkLocal(spec),
  ]
}

/** Which groups of hosts do not exist. */
export function checkGroupNames({ hosts, groups }: InventorySpec): Finding[] {
  const known = Object.keys(groups)
  return hosts.flatMap((host, index) =>
    host.groups.flatMap((group, position): Finding[] => {
      if (known.includes(group)) return []
      const near = nearest(group, known)
      const all = known.length === 0 ? 'spec.groups is empty' : `groups: ${known.join(', ')}`
      const hint = near === undefined ? all : `did you mean "${near}"?`
      return [
        { code: 'KW1026', path: pathOf(index, 'groups', position), message: `there is no group "${group}"`, hint },
      ]
    }),
  )
}

/** Where a host's node IP is written. */
export function nodeIPPath(host: InventoryHost, index: number): InventoryPath {
  return pathOf(index, host.nodeIP === undefined ? 'address' : 'nodeIP')
}

function pathOf(index: number, ...path: InventoryPath): InventoryPath {
  return ['spec', 'hosts', index, ...path]
}

/** The items whose key an earlier item has, each with the first of its kind. */
function duplicates<Item>(items: readonly Item[], keyOf: (item: Item) => string | undefined): [number, number][] {
  const firsts = new Map<string, number>()
  return items.flatMap((item, index): [number, number][] => {
    const key = keyOf(item)
    if (key === undefined) return []
    const first = firsts.get(key)
    if (first === undefined) firsts.set(key, index)
    return first === undefined ? [] : [[index, first]]
  })
}

/** Where SSH ends up: one address behind two bastions, or on two ports, can be two hosts. */
function sshTarget(spec: InventorySpec, host: InventoryHost): string {
  const { ssh } = settingsOf(spec, host)
  const address = sshAddressOf(host)
  return [ssh?.bastion?.address ?? '', isAddress(address) ? canonicalAddress(address) : address, ssh?.port ?? 22].join(
    ' ',
  )
}

function checkAddresses(spec: InventorySpec, sameName: ReadonlySet<number>): Finding[] {
  const same = duplicates(spec.hosts, (host) => sshTarget(spec, host))
  return same
    .filter(([index]) => !sameName.has(index) || spec.hosts[index]!.address !== undefined)
    .map(([index, first]) => ({
      code: 'KW1022',
      path: pathOf(index, 'address'),
      message: `the address ${sshAddressOf(spec.hosts[index]!)} is already that of ${spec.hosts[first]!.name}`,
      hint: 'two hosts differ by address or SSH port',
    }))
}

function checkNodeIPs(spec: InventorySpec): Finding[] {
  const { hosts } = spec
  const same = duplicates(hosts, knownNodeIP)
    // Said already: the two have one address.
    .filter(
      ([index, first]) =>
        hosts[index]!.nodeIP !== undefined || sshTarget(spec, hosts[index]!) !== sshTarget(spec, hosts[first]!),
    )
    .map(([index, first]): Finding => {
      const message = `the node IP ${knownNodeIP(hosts[index]!)} is already that of ${hosts[first]!.name}`
      const hint =
        hosts[index]!.nodeIP === undefined
          ? 'set nodeIP to the address that other nodes reach'
          : 'give every host its own'
      return { code: 'KW1023', path: nodeIPPath(hosts[index]!, index), message, hint }
    })
  const unusable = hosts.flatMap((host, index): Finding[] => {
    const nodeIP = knownNodeIP(host)
    const range = nodeIP === undefined ? undefined : unusableRanges[rangeOf(nodeIP)]
    if (range === undefined) return []
    const message = `${nodeIP} is ${range}, which other nodes cannot reach`
    const hint = 'set nodeIP to the address that other nodes reach'
    return [{ code: 'KW1027', path: nodeIPPath(host, index), message, hint }]
  })
  return [...same, ...unusable]
}

/** The ranges of ipaddr.js in which no node can be reached. */
export const unusableRanges: Readonly<Record<string, string>> = {
  loopback: 'a loopback address',
  unspecified: 'the unspecified address',
  linkLocal: 'a link-local address',
  multicast: 'a multicast address',
  broadcast: 'the broadcast address',
}

function checkLocal({ hosts }: InventorySpec): Finding[] {
  return duplicates(hosts, ({ connection }) => (connection === 'local' ? connection : undefined)).map(
    ([index, first]) => ({
      code: 'KW1028',
      path: pathOf(index, 'connection'),
      message: `this machine is already ${hosts[first]!.name}`,
      hint: 'only one host can have connection: local',
    }),
  )
}
