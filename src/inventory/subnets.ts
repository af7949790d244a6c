import ipaddr from 'ipaddr.js'

type Address = ReturnType<typeof ipaddr.parse>

/** 4 or 6. */
export type IPFamily = 4 | 6

/** Whether the text is an IPv4 address in four decimal parts or an IPv6 address without a zone. */
export function isAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || (text.includes(':') && !text.includes('%') && ipaddr.isValid(text))
}

/** Whether the text is an address with a prefix length; host bits may be set. */
export function isSubnet(text: string): boolean {
  const [address, prefix, ...rest] = text.split('/')
  return rest.length === 0 && isAddress(address!) && /^\d{1,3}$/.test(prefix ?? '') && ipaddr.isValidCIDR(text)
}

/** The family of an address or a subnet. */
export function familyOf(addressOrSubnet: string): IPFamily {
  return addressOrSubnet.includes(':') ? 6 : 4
}

/** The prefix length of a subnet. */
export function prefixLength(subnet: string): number {
  return Number(subnet.split('/')[1])
}

/** An address in its canonical spelling (RFC 5952 for IPv6), so that equal addresses are equal texts. */
export function canonicalAddress(address: string): string {
  return print(ipaddr.parse(address))
}

/** A subnet in its canonical spelling, host bits cleared. */
export function canonicalSubnet(subnet: string): string {
  return `${nthAddress(subnet, 0)}/${prefixLength(subnet)}`
}

/** The address at `index` in a subnet; 0 is the network address. Throws a RangeError beyond its end. */
export function nthAddress(subnet: string, index: number): string {
  const [address, prefix] = ipaddr.parseCIDR(subnet)
  const bytes = address.toByteArray()
  const hostBits = BigInt(bytes.length * 8 - prefix)
  if (BigInt(index) >> hostBits !== 0n) throw new RangeError(`${subnet} has no address number ${index}`)
  const network = (toNumber(bytes) >> hostBits) << hostBits
  return print(ipaddr.fromByteArray(toBytes(network + BigInt(index), bytes.length)))
}

/** Whether an address lies in a subnet; never across families. */
export function contains(subnet: string, address: string): boolean {
  return familyOf(subnet) === familyOf(address) && ipaddr.parse(address).match(ipaddr.parseCIDR(subnet))
}

/** Whether two subnets share an address. */
export function overlaps(a: string, b: string): boolean {
  const [wide, narrow] = prefixLength(a) <= prefixLength(b) ? [a, b] : [b, a]
  return contains(wide, narrow.split('/')[0]!)
}

/** `loopback`, `linkLocal`, `multicast`, `private`, `unicast` and so on, as ipaddr.js names the special ranges. */
export function rangeOf(address: string): string {
  return ipaddr.parse(address).range()
}

function print(address: Address): string {
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString()
}

function toNumber(bytes: readonly number[]): bigint {
  return bytes.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n)
}

function toBytes(number: bigint, length: number): number[] {
  return Array.from({ length }, (_, index) => Number((number >> BigInt(8 * (length - 1 - index))) & 0xffn))
}
