import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { PkiError } from './errors.ts'

/** The two kinds of subject alternative name that Kubernetes uses. Addresses are in their shortest form (RFC 5952). */
export interface AlternativeNames {
  readonly dns: readonly string[]
  readonly ips: readonly string[]
}

// RFC 1123 subdomain, or a wildcard in front of one: what kubeadm lets into a certificate.
const dnsName = /^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

/** Sorts a mixed list as kubeadm does (DNS names by bytes, addresses as given, no duplicates); throws on what is neither. */
export function alternativeNames(sans: readonly string[]): AlternativeNames {
  const ips = sans.filter(isAddress).map(normalAddress)
  const dns = sans.filter((san) => !isAddress(san))
  for (const name of dns) {
    if (name.length > 253 || !dnsName.test(name)) {
      throw new PkiError(`${JSON.stringify(name)} is neither an IP address nor a lower-case DNS name`)
    }
  }
  return { dns: [...new Set(dns)].sort(), ips: [...new Set(ips)] }
}

/** The bytes of an address as a certificate holds them: 4, or 16 for IPv6. */
export function addressBytes(address: string): Buffer {
  return Buffer.from(ipaddr.process(address).toByteArray())
}

/** The address that 4 or 16 bytes of a certificate mean; bytes of another length are shown as hexadecimal digits. */
export function addressText(bytes: Buffer): string {
  return bytes.length === 4 || bytes.length === 16 ? ipaddr.fromByteArray([...bytes]).toString() : bytes.toString('hex')
}

// ipaddr.js alone would take `10` and `0x7f.1` for addresses, and a zone (`fe80::1%eth0`) has no place in a certificate.
function isAddress(san: string): boolean {
  return isIP(san) !== 0 && !san.includes('%')
}

function normalAddress(address: string): string {
  return ipaddr.process(address).toString()
}
