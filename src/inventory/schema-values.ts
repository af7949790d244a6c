import { z } from 'zod'
import type { InventoryCode } from './codes.ts'
import { durationPattern } from './duration.ts'
import { canonicalSubnet, isAddress, isSubnet, prefixLength } from './subnets.ts'

const label = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?'
const dnsNamePattern = new RegExp(`^(?=.{1,253}$)${label}(?:\\.${label})*$`)

/** Fails a value with a code and a hint of its own. */
export function refuse(
  context: { addIssue(issue: { code: 'custom'; message: string; params: object; path?: (string | number)[] }): void },
  code: InventoryCode,
  message: string,
  hint?: string,
  path: (string | number)[] = [],
): void {
  context.addIssue({ code: 'custom', message, params: { code, hint }, path })
}

/** Text of a given form; `expected` completes the sentence "expected ...". */
export function text(pattern: RegExp, expected: string) {
  return z.string().regex(pattern, { error: `expected ${expected}` })
}

/** Text that is not empty. */
export function nonEmpty() {
  return text(/\S/, 'a string that is not empty')
}

/** One of the given words. */
export function choice<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words)
}

/** A whole number within bounds. */
export function wholeNumber(least: number, most: number) {
  const error = `expected a whole number from ${least} to ${most}`
  return z.int().min(least, { error }).max(most, { error })
}

/** A TCP or UDP port. */
export function port() {
  return wholeNumber(1, 65_535)
}

/** The name of an object: an RFC 1123 label. */
export function labelName() {
  return text(
    new RegExp(`^(?=.{1,63}$)${label}$`),
    'lower-case letters, digits and "-" (an RFC 1123 label, at most 63 characters)',
  )
}

/** The name of a node: an RFC 1123 subdomain that also fits into the label `kubernetes.io/hostname`. */
export function nodeName() {
  return text(
    new RegExp(`^(?=.{1,63}$)${label}(?:\\.${label})*$`),
    'lower-case letters, digits, "-" and "." (an RFC 1123 name, at most 63 characters)',
  )
}

/** A DNS domain. */
export function dnsName() {
  return text(dnsNamePattern, 'a DNS name in lower case')
}

/** Where a host is reached: IP address, DNS name or alias of ~/.ssh/config. */
export function sshAddress() {
  return z.string().superRefine((value, context) => {
    if (isAddress(value)) return
    if (/^[\d.]+$/.test(value)) refuse(context, 'KW1014', 'expected an IP address or a name')
    else if (/^[^:]+:\d+$/.test(value)) {
      refuse(
        context,
        'KW1014',
        'expected an address without a port',
        `write the port as ssh: { port: ${value.split(':')[1]} }`,
      )
    } else if (!/^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(value)) {
      refuse(context, 'KW1014', 'expected an IP address, a DNS name or an alias of ~/.ssh/config')
    }
  })
}

/** An IP address. */
export function ipAddress() {
  return z.string().refine(isAddress, { error: 'expected an IP address' })
}

/** An IP address or DNS name, as clients of the API server use it. */
export function endpointAddress() {
  return z.string().refine((value) => isAddress(value) || (dnsNamePattern.test(value) && !/^[\d.]+$/.test(value)), {
    error: 'expected an IP address or a DNS name, without scheme and port',
  })
}

/** A subject alternative name: IP address or DNS name, whose first label may be `*`. */
export function subjectAlternativeName() {
  return z.string().refine((value) => isAddress(value) || dnsNamePattern.test(value.replace(/^\*\./, '')), {
    error: 'expected an IP address or a DNS name',
  })
}

/** A subnet as address/prefix, host bits zero. */
export function subnet() {
  return z.string().superRefine((value, context) => {
    if (!isSubnet(value))
      refuse(context, 'KW1030', 'expected a subnet', 'write it as address/prefix: 10.244.0.0/16 or fd00:10:244::/56')
    else if (canonicalSubnet(value) !== canonicalSubnetOfAddress(value)) {
      refuse(
        context,
        'KW1030',
        'expected a subnet whose host bits are zero',
        `the subnet with this address is ${canonicalSubnet(value)}`,
      )
    }
  })
}

function canonicalSubnetOfAddress(value: string): string {
  const address = value.split('/')[0]!
  const whole = canonicalSubnet(`${address}/${address.includes(':') ? 128 : 32}`)
  return `${whole.split('/')[0]}/${prefixLength(value)}`
}

/** A path on a host: absolute, without `.`, `..` and trailing slash. */
export function hostPath() {
  return text(
    /^(?:\/(?!\.{1,2}(?:\/|$))[^/\0\s]+)+$/,
    'an absolute path without "." or "..", trailing slash and spaces',
  )
}

/** A path on this machine: absolute, below `~`, or relative to the inventory. */
export function localPath() {
  return z.string().superRefine((value, context) => {
    if (value.includes('-----BEGIN'))
      refuse(context, 'KW1017', 'the content of a file stands where its path belongs', 'write it to a file')
    else if (value === '' || /[\0\n]/.test(value)) refuse(context, 'KW1014', 'expected a path')
  })
}

/** A duration in units that do not vary. */
export function duration() {
  return text(durationPattern, 'a duration such as 8760h, 365d or 1y')
}

/** An HTTP URL without credentials, which would end in plans and logs. */
export function httpUrl() {
  return z.string().superRefine((value, context) => {
    const url = URL.canParse(value) ? new URL(value) : undefined
    if (!url || !['http:', 'https:'].includes(url.protocol)) {
      refuse(context, 'KW1014', 'expected a URL that starts with http:// or https://')
    } else if (url.username !== '' || url.password !== '') {
      refuse(
        context,
        'KW1017',
        'a URL with credentials is a secret, and the inventory holds none',
        'remove the part before the @',
      )
    }
  })
}
