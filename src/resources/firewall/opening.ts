import type { Change, Finding } from '../../engine/resource.ts'

/** Something that a firewall shall let through: a port of this host, a protocol without ports, or the traffic of a subnet. */
export type Opening = PortOpening | ProtocolOpening | SubnetOpening

export interface PortOpening {
  readonly kind: 'port'
  readonly protocol: 'tcp' | 'udp'
  /** First and last port. */
  readonly ports: readonly [number, number]
}

export interface ProtocolOpening {
  readonly kind: 'protocol'
  /** Its number, since distributions call it by different names. */
  readonly number: number
}

export interface SubnetOpening {
  readonly kind: 'subnet'
  readonly subnet: string
  /** `input`: from the subnet to this host; `from` and `to`: what the host forwards from it and to it. */
  readonly direction: 'input' | 'from' | 'to'
}

export interface FirewallOptions {
  readonly openings: readonly Opening[]
  /** Otherwise the firewall is only looked at. */
  readonly manage: boolean
}

/** `tcp/6443`, `udp/30000-32767`, `protocol/4`, `input/10.244.0.0/16`: names an opening in plans and in the comments of rules. */
export function openingName(opening: Opening): string {
  if (opening.kind === 'subnet') return `${opening.direction}/${opening.subnet}`
  if (opening.kind === 'protocol') return `protocol/${opening.number}`
  return `${opening.protocol}/${portRange(opening, '-')}`
}

/** `6443` or, of several ports, the first and the last one. */
export function portRange({ ports: [first, last] }: PortOpening, separator: string): string {
  return first === last ? String(first) : `${first}${separator}${last}`
}

/** The comment by which a rule of ours is known. */
export function ruleComment(opening: Opening): string {
  return `kubewright:${openingName(opening)}`
}

/** Whether a listing of rules has ours for the opening; some programs put the comment into quotes. */
export function hasRule(listing: string, opening: Opening): boolean {
  const comment = ruleComment(opening)
  return [`${comment} `, `${comment}"`].some((text) => listing.includes(text)) || listing.endsWith(comment)
}

/** The change that opens a firewall, or nothing where all is open or the inventory leaves it alone. */
export function openingChange(
  firewall: string,
  missing: readonly Opening[],
  { manage }: FirewallOptions,
  actions: () => Change['actions'],
): Change | undefined {
  if (!manage || missing.length === 0) return undefined
  const summary = `open ${firewall} for ${missing.map(openingName).join(', ')}`
  return { verb: 'update', summary, impact: 'none', actions: actions() }
}

/** What a firewall that is left alone keeps out. */
export function closedFinding(
  firewall: string,
  missing: readonly Opening[],
  { manage }: FirewallOptions,
): readonly Finding[] {
  if (manage || missing.length === 0) return []
  return [
    {
      check: 'Firewall',
      severity: 'warning',
      message: `${firewall} has no rule for ${missing.map(openingName).join(', ')}, and the inventory leaves it alone`,
      hint: 'Open it yourself, or set firewall: manage for the host.',
    },
  ]
}
