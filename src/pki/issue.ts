import { createPublicKey, generateKeyPair, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto'
import { promisify } from 'node:util'
import { Secret } from '../transport/command.ts'
import { addressBytes, type AlternativeNames, alternativeNames } from './alternative-names.ts'
import type { AuthoritySpec, CertificateSpec, Usage } from './certificates.ts'
import * as der from './der.ts'
import { PkiError } from './errors.ts'
import { keyIdentifier, privateKey } from './keys.ts'
import { keyMatches, readCertificate, splitCertificates } from './read.ts'

/** The algorithms of kubeadm's `encryptionAlgorithm`. */
export type KeyAlgorithm = 'RSA-2048' | 'RSA-3072' | 'RSA-4096' | 'ECDSA-P256' | 'ECDSA-P384'

const generate = promisify(generateKeyPair)

/** Makes a private key in the PEM form of kubeadm's files: PKCS#1 for RSA, SEC 1 for ECDSA. */
export async function generateKey(algorithm: KeyAlgorithm = 'RSA-2048'): Promise<Secret> {
  const [kind, size = ''] = algorithm.split('-')
  if (kind === 'ECDSA') {
    const pair = await generate('ec', { namedCurve: size.replace('P', 'P-') })
    return new Secret(pair.privateKey.export({ type: 'sec1', format: 'pem' }).toString())
  }
  const pair = await generate('rsa', { modulusLength: Number(size) })
  return new Secret(pair.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString())
}

/** Makes the pair that signs service account tokens, as PEM: `sa.key` and `sa.pub`. */
export async function generateServiceAccountPair(
  algorithm?: KeyAlgorithm,
): Promise<{ readonly key: Secret; readonly publicKey: string }> {
  const key = await generateKey(algorithm)
  return { key, publicKey: publicKeyOf(key) }
}

/** The public key (PEM) of a private key, to complete a pair of which only the key is there. */
export function publicKeyOf(key: Secret): string {
  return createPublicKey(privateKey(key)).export({ type: 'spki', format: 'pem' }).toString()
}

/** kubeadm's `CertificateBackdate`: hosts' clocks may be this much behind ours. */
export const backdateSeconds = 300

/** An authority's certificate (a bundle while it is being replaced: the one that has the key is used) and key, both PEM. */
export interface Authority {
  readonly certificate: string
  readonly key: Secret
}

interface Validity {
  readonly validitySeconds: number
  readonly now: Date
}

/** Makes the self-signed certificate of an authority and returns it as PEM. */
export function issueAuthority(
  request: { readonly spec: Pick<AuthoritySpec, 'commonName'>; readonly key: Secret } & Validity,
): string {
  const key = privateKey(request.key)
  const subject = name(request.spec.commonName, [])
  return signed(
    {
      issuer: subject,
      subject,
      publicKey: createPublicKey(key),
      notBefore: notBefore(request.now),
      notAfter: notAfter(request),
      extensions: [
        keyUsage({ certificateSigning: true }),
        extension(der.oids.basicConstraints, der.sequence(der.yes()), 'critical'),
        extension(der.oids.subjectKeyId, der.octets(keyIdentifier(createPublicKey(key)))),
        subjectAltName({ dns: [request.spec.commonName], ips: [] }),
      ],
    },
    key,
  )
}

/** Makes a certificate signed by the authority, ending no later than it, and returns it as PEM. */
export function issueCertificate(
  request: { readonly spec: CertificateSpec; readonly authority: Authority; readonly key: Secret } & Validity,
): string {
  const { spec, authority, now } = request
  const issuer = issuerOf(authority, now)
  return signed(
    {
      issuer: issuer.subject,
      subject: name(spec.commonName, spec.organizations),
      publicKey: createPublicKey(privateKey(request.key)),
      notBefore: notBefore(now),
      notAfter: new Date(Math.min(notAfter(request).getTime(), issuer.notAfter.getTime())),
      extensions: [
        keyUsage({ certificateSigning: false }),
        extension(der.oids.extendedKeyUsage, extendedKeyUsage(spec.usages)),
        extension(der.oids.basicConstraints, der.sequence(), 'critical'),
        ...(issuer.keyId === undefined
          ? []
          : [extension(der.oids.authorityKeyId, der.sequence(der.tagged(0, issuer.keyId)))]),
        ...(spec.sans.length === 0 ? [] : [subjectAltName(alternativeNames(spec.sans))]),
      ],
    },
    privateKey(authority.key),
  )
}

interface Contents {
  readonly issuer: der.Der
  readonly subject: der.Der
  readonly publicKey: KeyObject
  readonly notBefore: Date
  readonly notAfter: Date
  readonly extensions: readonly der.Der[]
}

interface Issuer {
  readonly subject: der.Der
  readonly keyId: Buffer | undefined
  readonly notAfter: Date
}

function issuerOf(authority: Authority, now: Date): Issuer {
  const pem = splitCertificates(authority.certificate).find((each) => keyMatches(each, authority.key))
  if (pem === undefined) throw new PkiError("the authority's key belongs to none of its certificates")
  const facts = readCertificate(pem)
  const title = JSON.stringify(facts.subject.commonName)
  if (!facts.isAuthority) throw new PkiError(`${title} is not a certificate authority`)
  if (facts.notAfter <= now) throw new PkiError(`the authority ${title} expired on ${facts.notAfter.toISOString()}`)
  return {
    // The very bytes of the authority's name: another spelling of the same name would break the chain.
    subject: subjectOf(new X509Certificate(pem)),
    keyId: facts.subjectKeyId === undefined ? undefined : Buffer.from(facts.subjectKeyId, 'hex'),
    notAfter: facts.notAfter,
  }
}

function subjectOf(certificate: X509Certificate): der.Der {
  const [tbs] = der.items(der.decode(certificate.raw))
  const subject = der.items(tbs)[5]
  if (subject === undefined) throw new PkiError('the authority has no version 3 certificate')
  return subject
}

function signed(contents: Contents, key: KeyObject): string {
  const algorithm = signatureAlgorithm(key)
  const tbs = der.sequence(
    der.tagged(0, [der.integer(Buffer.of(2))]), // version 3
    der.integer(serialNumber()),
    algorithm.identifier,
    contents.issuer,
    der.sequence(der.time(contents.notBefore), der.time(contents.notAfter)),
    contents.subject,
    der.decode(contents.publicKey.export({ type: 'spki', format: 'der' })),
    der.tagged(3, [der.sequence(...contents.extensions)]),
  )
  const signature = der.bits(sign(algorithm.digest, der.encode(tbs), key))
  const body = der.encode(der.sequence(tbs, algorithm.identifier, signature)).toString('base64')
  return `-----BEGIN CERTIFICATE-----\n${body.replaceAll(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`
}

function signatureAlgorithm(key: KeyObject): { readonly identifier: der.Der; readonly digest: string } {
  if (key.asymmetricKeyType === 'rsa') {
    return { identifier: der.sequence(der.oid(der.oids.sha256WithRSA), der.nothing()), digest: 'sha256' }
  }
  switch (key.asymmetricKeyDetails?.namedCurve) {
    case 'prime256v1':
      return { identifier: der.sequence(der.oid(der.oids.sha256WithECDSA)), digest: 'sha256' }
    case 'secp384r1':
      return { identifier: der.sequence(der.oid(der.oids.sha384WithECDSA)), digest: 'sha384' }
    case 'secp521r1':
      return { identifier: der.sequence(der.oid(der.oids.sha512WithECDSA)), digest: 'sha512' }
    default:
      throw new PkiError('an authority needs an RSA key or an ECDSA key on P-256, P-384 or P-521')
  }
}

/** 126 random bits, positive and without leading zero bytes, as DER wants it. */
function serialNumber(): Buffer {
  const serial = randomBytes(16)
  serial.writeUInt8((serial.readUInt8(0) & 0x7f) | 0x40, 0)
  return serial
}

function name(commonName: string, organizations: readonly string[]): der.Der {
  return der.sequence(
    ...(organizations.length === 0
      ? []
      : [der.set(...organizations.map((each) => attribute(der.oids.organization, each)))]),
    der.set(attribute(der.oids.commonName, commonName)),
  )
}

function attribute(type: string, value: string): der.Der {
  return der.sequence(der.oid(type), der.text(value))
}

function extension(type: string, value: der.Der, critical?: 'critical'): der.Der {
  const flag = critical === undefined ? [] : [der.yes()]
  return der.sequence(der.oid(type), ...flag, der.octets(der.encode(value)))
}

// digitalSignature (bit 0) and keyEncipherment (2), also for ECDSA, as kubeadm; keyCertSign (5) on authorities.
function keyUsage({ certificateSigning }: { readonly certificateSigning: boolean }): der.Der {
  const usage = certificateSigning ? der.bits(Buffer.of(0b10100100), 2) : der.bits(Buffer.of(0b10100000), 5)
  return extension(der.oids.keyUsage, usage, 'critical')
}

function extendedKeyUsage(usages: readonly Usage[]): der.Der {
  return der.sequence(...usages.map((usage) => der.oid(der.oids[usage])))
}

function subjectAltName({ dns, ips }: AlternativeNames): der.Der {
  const names = dns.map((each) => der.tagged(2, Buffer.from(each, 'latin1')))
  const addresses = ips.map((each) => der.tagged(7, addressBytes(each)))
  return extension(der.oids.subjectAltName, der.sequence(...names, ...addresses))
}

function notBefore(now: Date): Date {
  return new Date(now.getTime() - backdateSeconds * 1000)
}

function notAfter({ now, validitySeconds }: Validity): Date {
  return new Date(now.getTime() + validitySeconds * 1000)
}
