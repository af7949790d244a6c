import { lines, sh } from '../transport/command.ts'
import { jsonOf, linesOf, objectsOf, section, textOf, type Part } from './facts-sections.ts'
import type { InterfaceAddress, ListeningPort, Route, Vxlan } from './facts.ts'

type Json = Readonly<Record<string, unknown>>

/** Addresses, routes and VXLAN interfaces, as iproute2 tells them. */
export interface Network {
  readonly addresses: readonly InterfaceAddress[]
  readonly routes: readonly Route[]
  readonly vxlans: readonly Vxlan[]
  readonly listening: readonly ListeningPort[]
  readonly datagrams: readonly ListeningPort[]
  readonly mtus: Readonly<Record<string, number>>
  /** Addresses by which the host reaches others when nothing else says so: of the default routes, best first. */
  readonly defaults: readonly { readonly address: string; readonly interface: string }[]
}

/** Asks iproute2 for everything about the network. */
export const network: Part<Network> = {
  script: () =>
    lines(
      section('addresses', sh`ip -j address show scope global`),
      section('routes4', sh`ip -j -4 route show`),
      section('routes6', sh`ip -j -6 route show`),
      section('vxlans', sh`ip -j -d link show type vxlan`),
      section('listening', sh`ss -Hltnp`),
      section('datagrams', sh`ss -Hlunp`),
    ),
  parse(sections) {
    const list = (name: string): readonly Json[] => objectsOf(jsonOf(sections.get(name)))
    const links = list('addresses')
    const routes = [...list('routes4'), ...list('routes6')].filter((route) => !textOf(route['dst']).startsWith('fe80:'))
    const addresses = links.flatMap(addressesOf)
    return {
      addresses,
      routes: routes.flatMap(routeOf),
      vxlans: list('vxlans').flatMap(vxlanOf),
      listening: linesOf(sections, 'listening').flatMap(listeningOf),
      datagrams: linesOf(sections, 'datagrams').flatMap(listeningOf),
      mtus: Object.fromEntries(
        links.flatMap((link) => (typeof link['mtu'] === 'number' ? [[textOf(link['ifname']), link['mtu']]] : [])),
      ),
      defaults: routes
        .filter((route) => route['dst'] === 'default')
        .flatMap((route) => defaultAddress(route, addresses)),
    }
  },
}

function addressesOf(link: Json): readonly InterfaceAddress[] {
  const name = textOf(link['ifname'])
  return objectsOf(link['addr_info']).flatMap((info) => {
    if (typeof info['local'] !== 'string' || typeof info['prefixlen'] !== 'number') return []
    const lasting = info['temporary'] !== true && info['deprecated'] !== true
    return [
      { interface: name, address: info['local'], prefix: info['prefixlen'], mac: textOf(link['address']), lasting },
    ]
  })
}

/** Routes without an interface (blackhole, unreachable) lead nowhere. */
function routeOf(route: Json): readonly Route[] {
  if (typeof route['dst'] !== 'string' || typeof route['dev'] !== 'string') return []
  return [{ destination: route['dst'], interface: route['dev'] }]
}

function defaultAddress(route: Json, addresses: readonly InterfaceAddress[]): Network['defaults'] {
  const dev = textOf(route['dev'])
  const ipv6 = textOf(route['gateway']).includes(':')
  const preferred = textOf(route['prefsrc'])
  if (preferred !== '') return [{ address: preferred, interface: dev }]
  const own = ownAddress(dev, ipv6, addresses)
  return own === undefined ? [] : [{ address: own.address, interface: dev }]
}

/** The address of an interface that is most likely the host's own, and stays. */
function ownAddress(dev: string, ipv6: boolean, addresses: readonly InterfaceAddress[]): InterfaceAddress | undefined {
  const candidates = addresses.filter(
    (one) => one.interface === dev && one.lasting && one.address.includes(':') === ipv6,
  )
  // An address that covers nothing but itself is most likely a virtual one, which moves.
  return candidates.find((one) => one.prefix < (ipv6 ? 128 : 32)) ?? candidates[0]
}

function vxlanOf(link: Json): readonly Vxlan[] {
  const [data] = objectsOf([link['linkinfo']]).flatMap((info) => objectsOf([info['info_data']]))
  if (data === undefined || typeof data['id'] !== 'number' || typeof data['port'] !== 'number') return []
  return [{ interface: textOf(link['ifname']), vni: data['id'], port: data['port'] }]
}

/** One line of `ss -Hltnp`: `LISTEN 0 4096 *:6443 *:* users:(("kube-apiserver",pid=1,fd=3))`. */
function listeningOf(line: string): readonly ListeningPort[] {
  const [, , , local = '', , users = ''] = line.trim().split(/\s+/)
  const match = /^(.*):(\d+)$/.exec(local)
  if (match === null) return []
  const address = (match[1] ?? '').replace(/^\[|\]$|%.*$/g, '')
  const process = /^users:\(\("([^"]*)"/.exec(users)?.[1]
  return [{ address: address === '*' ? '::' : address, port: Number(match[2]), process }]
}

/** Where the node's address may come from, besides the host itself. */
export interface Wishes {
  /** The inventory's `nodeIP` and `interface`. */
  readonly nodeIP: string | undefined
  readonly interface: string | undefined
  readonly sshAddress: string
  readonly ipv6: boolean
}

/** The node's address and the interface that has it; empty where there is none. */
export function nodeAddress(wishes: Wishes, { addresses, defaults }: Network): { nodeIP: string; interface: string } {
  const ofFamily = (address: string): boolean => address.includes(':') === wishes.ipv6
  const has = (address: string): boolean => addresses.some((one) => sameAddress(one.address, address))
  const named = wishes.interface === undefined ? undefined : ownAddress(wishes.interface, wishes.ipv6, addresses)
  const fallback = defaults.find((one) => ofFamily(one.address)) ?? defaults[0]
  const ssh = has(wishes.sshAddress) ? wishes.sshAddress : undefined
  const nodeIP = wishes.nodeIP ?? ssh ?? named?.address ?? fallback?.address ?? ''
  const holder = addresses.find((one) => sameAddress(one.address, nodeIP))
  return { nodeIP, interface: holder?.interface ?? wishes.interface ?? '' }
}

function sameAddress(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}
