import { createHash, type KeyObject, X509Certificate } from 'node:crypto'
import * as der from '../../src/pki/der.ts'
import { readKubeconfig } from '../../src/pki/kubeconfig.ts'
import { type DistinguishedName, readCertificate } from '../../src/pki/read.ts'

interface File {
  readonly mode: number
  readonly content: string
}

/** The files of the PKI directory, and the kubeconfigs, each by its relative path. */
export interface PkiTree {
  readonly pki: Readonly<Record<string, File>>
  readonly kubeconfigs: Readonly<Record<string, File>>
}

/** Everything that a certificate says but for what is new each time: keys, serial number, moments, signature. */
export interface CertificateDescription {
  readonly subject: DistinguishedName
  readonly issuer: DistinguishedName
  readonly sans: { readonly dns: readonly string[]; readonly ips: readonly string[] }
  readonly usages: readonly string[]
  readonly isAuthority: boolean
  readonly keyAlgorithm: string
  readonly lifetime: string
  /** The signature's algorithm and both names as DER in hexadecimal digits: the kinds of strings are compared as well. */
  readonly bytes: Readonly<Record<'signature' | 'issuer' | 'subject', string>>
  /** In their order: object identifier, `critical` or not, and the value's DER with key identifiers named. */
  readonly extensions: readonly string[]
}

interface KubeconfigDescription {
  readonly text: string
  /** Neither is there when the user has a token. */
  readonly certificate?: CertificateDescription
  readonly key?: string
}

/** What the golden files hold. */
export interface PkiDescription {
  /** By path without `.crt`. */
  readonly certificates: Readonly<Record<string, CertificateDescription>>
  readonly kubeconfigs: Readonly<Record<string, KubeconfigDescription>>
  /** Every file that is no certificate: the label of its PEM. */
  readonly keys: Readonly<Record<string, string>>
  readonly modes: Readonly<Record<string, string>>
}

export function describeTree({ pki, kubeconfigs }: PkiTree): PkiDescription {
  const certificates = Object.entries(pki).filter(([path]) => path.endsWith('.crt'))
  const authorities = certificates.map(([, { content }]) => content).filter((pem) => readCertificate(pem).isAuthority)
  const keys = Object.entries(pki).filter(([path]) => !path.endsWith('.crt'))
  return {
    certificates: Object.fromEntries(
      certificates.map(([path, { content }]) => [
        path.replace(/\.crt$/, ''),
        describeCertificate(content, authorities),
      ]),
    ),
    kubeconfigs: mapped(kubeconfigs, ({ content }) => describeKubeconfig(content, authorities)),
    keys: Object.fromEntries(keys.map(([path, { content }]) => [path, label(content)])),
    modes: mapped({ ...pki, ...kubeconfigs }, ({ mode }) => mode.toString(8)),
  }
}

function describeKubeconfig(kubeconfig: string, authorities: readonly string[]): KubeconfigDescription {
  const { certificatePem, key } = readKubeconfig(kubeconfig)
  const text = kubeconfig.replaceAll(/-data: .*/g, '-data: ...')
  if (certificatePem === undefined || key === undefined) return { text }
  return { text, certificate: describeCertificate(certificatePem, authorities), key: label(key.reveal()) }
}

function describeCertificate(pem: string, authorities: readonly string[]): CertificateDescription {
  const { subject, issuer, sans, usages, isAuthority, keyAlgorithm, ...facts } = readCertificate(pem)
  const certificate = new X509Certificate(pem)
  const [tbs] = der.items(der.decode(certificate.raw))
  const [, , signature, issuerName, , subjectName, , tagged] = der.items(tbs)
  const signer = authorities.map(readCertificate).find((each) => each.subject.commonName === issuer.commonName)
  const ids: readonly [string | undefined, string][] = [
    [keyHash(certificate.publicKey), "<the key's SHA-256, 160 bits>"],
    [signer?.subjectKeyId, '<key id of the issuer>'],
  ]
  return {
    subject,
    issuer,
    sans,
    usages,
    isAuthority,
    keyAlgorithm,
    // To the hour: kubeadm starts the certificates in kubeconfigs when their authority starts.
    lifetime: `${Math.round((facts.notAfter.getTime() - facts.notBefore.getTime()) / 3_600_000)} hours`,
    bytes: { signature: hex(signature), issuer: hex(issuerName), subject: hex(subjectName) },
    extensions: der.items(der.items(tagged)[0]).map((each) => describeExtension(each, ids)),
  }
}

function describeExtension(extension: der.Der, ids: readonly [string | undefined, string][]): string {
  const parts = der.items(extension)
  const value = der.bytes(parts.at(-1)).toString('hex')
  const named = ids.reduce((text, [id, name]) => (id === undefined ? text : text.replace(id, name)), value)
  return `${der.identifier(parts[0])} ${parts.length === 3 ? 'critical ' : ''}${named}`
}

// RFC 7093, method 1; the bits of an RSA key are its PKCS#1 form, those of an elliptic curve's key are at the end.
function keyHash(key: KeyObject): string {
  const size = key.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 97 : 65
  const bits =
    key.asymmetricKeyType === 'rsa'
      ? key.export({ type: 'pkcs1', format: 'der' })
      : key.export({ type: 'spki', format: 'der' }).subarray(-size)
  return createHash('sha256').update(bits).digest('hex').slice(0, 40)
}

function label(pem: string): string {
  return /-----BEGIN (.*)-----/.exec(pem)?.[1] ?? 'no PEM'
}

function hex(value: der.Der | undefined): string {
  return value === undefined ? '' : der.encode(value).toString('hex')
}

function mapped<From, To>(record: Readonly<Record<string, From>>, change: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]))
}
