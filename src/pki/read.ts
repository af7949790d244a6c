import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { Secret } from '../transport/command.ts'
import { addressText, type AlternativeNames, alternativeNames } from './alternative-names.ts'
import type { CertificateSpec } from './certificates.ts'
import * as der from './der.ts'
import { PkiError } from './errors.ts'
import { keyAlgorithm, privateKey, publicKeyHash } from './keys.ts'

/** A distinguished name, as far as Kubernetes reads it: the user name and the groups of a client. */
export interface DistinguishedName {
  readonly commonName: string
  readonly organizations: readonly string[]
}

/** What a certificate says. All of it is public. */
export interface CertificateFacts {
  /** The certificate itself, without what stood around it in the file. */
  readonly pem: string
  readonly subject: DistinguishedName
  readonly issuer: DistinguishedName
  /** In the certificate's order. */
  readonly sans: AlternativeNames
  /** What it may be used for; a certificate without a list of usages may be used as server and as client. */
  readonly usages: readonly ('server' | 'client' | 'ca')[]
  readonly notBefore: Date
  readonly notAfter: Date
  /** `sha256:` and hexadecimal digits, over the whole certificate. */
  readonly fingerprint: string
  /** `sha256:` and hexadecimal digits, over the public key: the hash of `kubeadm join --discovery-token-ca-cert-hash`. */
  readonly publicKeyHash: string
  readonly isAuthority: boolean
  /** `RSA-2048`, `ECDSA-P256` and so on. */
  readonly keyAlgorithm: string
  /** Hexadecimal digits. */
  readonly serialNumber: string
  readonly subjectKeyId: string | undefined
  readonly authorityKeyId: string | undefined
}

/** The certificates of a PEM file one by one, without keys and comments. */
export function splitCertificates(pem: string): readonly string[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return blocks.map((block) => `${block}\n`)
}

/** Reads the first certificate of a PEM file, as kubeadm does; throws {@link PkiError} if there is none or it is garbage. */
export function readCertificate(pem: string): CertificateFacts {
  const [first] = splitCertificates(pem)
  if (first === undefined) throw new PkiError('there is no PEM certificate')
  const certificate = parsed(first)
  try {
    return factsOf(certificate, first)
  } catch {
    throw new PkiError('the certificate cannot be read')
  }
}

/** Whether the first certificate of a PEM file is for a name or an address, as a client decides it; throws {@link PkiError} if there is none. */
export function isFor(pem: string, address: string): boolean {
  const certificate = parsed(splitCertificates(pem)[0] ?? '')
  // Go, in which clients of Kubernetes are written, ignores the name in the subject.
  const matching =
    isIP(address) > 0 ? certificate.checkIP(address) : certificate.checkHost(address, { subject: 'never' })
  return matching !== undefined
}

/** Whether one certificate of `authorityPem` (it may be a bundle) is an authority and signed the first of `certificatePem`; dates do not matter. */
export function verifies(certificatePem: string, authorityPem: string): boolean {
  const certificate = parsed(splitCertificates(certificatePem)[0] ?? '')
  return splitCertificates(authorityPem).some((each) => {
    const authority = parsed(each)
    return authority.ca && certificate.checkIssued(authority) && certificate.verify(authority.publicKey)
  })
}

/** Whether the key is the first certificate's; a key that cannot be read is nobody's. */
export function keyMatches(certificatePem: string, key: Secret): boolean {
  const certificate = parsed(splitCertificates(certificatePem)[0] ?? '')
  try {
    return certificate.checkPrivateKey(privateKey(key))
  } catch {
    return false
  }
}

/** Why a certificate is not what the spec asks for, in words for people; empty when it is fine. More names and usages than asked for are fine, and so is a near end. */
export function compareCertificate(
  facts: CertificateFacts,
  spec: CertificateSpec,
  authorityPem: string | undefined,
  now: Date,
): readonly string[] {
  const { dns, ips } = alternativeNames(spec.sans)
  const missing = [
    ...dns.filter((name) => !facts.sans.dns.includes(name)),
    ...ips.filter((address) => !facts.sans.ips.includes(address)),
  ]
  const usages = spec.usages.filter((usage) => !facts.usages.includes(usage))
  return [
    ...(facts.isAuthority ? ['it is a certificate authority'] : []),
    ...(authorityPem === undefined || verifies(facts.pem, authorityPem)
      ? []
      : [`not signed by the current ${spec.authority}`]),
    ...(isSubject(facts.subject, spec) ? [] : [`subject is ${shown(facts.subject)} instead of ${shown(spec)}`]),
    ...(missing.length === 0 ? [] : [`SAN missing: ${missing.join(', ')}`]),
    ...(usages.length === 0 ? [] : [`usage missing: ${usages.join(', ')}`]),
    ...compareDates(facts, now),
  ]
}

/** Why a certificate cannot serve as an authority; its name does not matter, since a user may bring his own. */
export function compareAuthority(facts: CertificateFacts, now: Date): readonly string[] {
  return [...(facts.usages.includes('ca') ? [] : ['it is not a certificate authority']), ...compareDates(facts, now)]
}

interface Fields {
  readonly issuer: der.Der | undefined
  readonly validity: readonly der.Der[]
  readonly subject: der.Der | undefined
  readonly extensions: ReadonlyMap<string, der.Der>
}

function parsed(pem: string): X509Certificate {
  try {
    const certificate = new X509Certificate(pem)
    void certificate.publicKey // parsed on first use only
    return certificate
  } catch {
    throw new PkiError('the certificate cannot be read')
  }
}

function factsOf(certificate: X509Certificate, pem: string): CertificateFacts {
  const { issuer, validity, subject, extensions } = fieldsOf(certificate)
  const authorityKeyId = der.items(extensions.get(der.oids.authorityKeyId)).find((each) => der.hasTag(each, 0))
  return {
    pem,
    subject: distinguishedName(subject),
    issuer: distinguishedName(issuer),
    sans: alternativeNamesOf(extensions.get(der.oids.subjectAltName)),
    usages: usagesOf(certificate.ca, extensions),
    notBefore: der.date(validity[0]),
    notAfter: der.date(validity[1]),
    fingerprint: `sha256:${certificate.fingerprint256.replaceAll(':', '').toLowerCase()}`,
    publicKeyHash: publicKeyHash(certificate.publicKey),
    isAuthority: certificate.ca,
    keyAlgorithm: keyAlgorithm(certificate.publicKey),
    serialNumber: certificate.serialNumber.toLowerCase(),
    subjectKeyId: hex(extensions.get(der.oids.subjectKeyId)),
    authorityKeyId: hex(authorityKeyId),
  }
}

// Node shows subject and SANs only as text in which a crafted name can look like another, so they are read from the DER.
function fieldsOf(certificate: X509Certificate): Fields {
  const [tbs] = der.items(der.decode(certificate.raw))
  const fields = der.items(tbs).filter((each) => !der.hasTag(each, 0)) // without the version
  const [, , issuer, validity, subject] = fields
  const extensions = fields.find((each) => der.hasTag(each, 3))
  return { issuer, validity: der.items(validity), subject, extensions: extensionsOf(extensions) }
}

function extensionsOf(tagged: der.Der | undefined): ReadonlyMap<string, der.Der> {
  const entries = der.items(der.items(tagged)[0]).map((each): [string, der.Der] => {
    const parts = der.items(each)
    return [der.identifier(parts[0]), der.decode(der.bytes(parts.at(-1)))]
  })
  return new Map(entries)
}

function distinguishedName(name: der.Der | undefined): DistinguishedName {
  const attributes = der.items(name).flatMap(der.items).map(der.items)
  const values = (type: string) =>
    attributes
      .filter(([attribute]) => der.identifier(attribute) === type)
      .map(([, value]) => der.bytes(value).toString('utf8'))
  return {
    commonName: values(der.oids.commonName).at(-1) ?? '',
    organizations: values(der.oids.organization),
  }
}

function alternativeNamesOf(extension: der.Der | undefined): AlternativeNames {
  const names = der.items(extension)
  return {
    dns: names.filter((each) => der.hasTag(each, 2)).map((each) => der.bytes(each).toString('latin1')),
    ips: names.filter((each) => der.hasTag(each, 7)).map((each) => addressText(der.bytes(each))),
  }
}

// An extension that is not there forbids nothing (RFC 5280, 4.2.1.3 and 4.2.1.12).
function usagesOf(isAuthority: boolean, extensions: ReadonlyMap<string, der.Der>): CertificateFacts['usages'] {
  const keyUsage = extensions.get(der.oids.keyUsage)
  const [flags = 0] = der.bitBytes(keyUsage)
  const signs = isAuthority && (keyUsage === undefined || (flags & 0b100) !== 0)
  const listed = extensions.get(der.oids.extendedKeyUsage)
  const purposes = listed === undefined ? [] : der.items(listed).map(der.identifier)
  const any = purposes.includes(der.oids.anyUsage) || (listed === undefined && !isAuthority)
  const usages = (['server', 'client'] as const).filter((usage) => any || purposes.includes(der.oids[usage]))
  return signs ? [...usages, 'ca'] : usages
}

function hex(value: der.Der | undefined): string | undefined {
  return value === undefined ? undefined : der.bytes(value).toString('hex')
}

function compareDates({ notBefore, notAfter }: CertificateFacts, now: Date): readonly string[] {
  if (notAfter <= now) return [`expired on ${notAfter.toISOString()}`]
  return notBefore > now ? [`not valid before ${notBefore.toISOString()}`] : []
}

function isSubject(subject: DistinguishedName, spec: CertificateSpec): boolean {
  const actual = subject.organizations.toSorted().join('\n')
  const accepted = [spec.organizations, ...spec.acceptedOrganizations.map((each) => [each])]
  return subject.commonName === spec.commonName && accepted.some((each) => each.toSorted().join('\n') === actual)
}

function shown({ commonName, organizations }: DistinguishedName): string {
  return [`CN=${commonName}`, ...organizations.map((each) => `O=${each}`)].join(', ')
}
