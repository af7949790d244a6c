import { createHash, createPrivateKey, type KeyObject } from 'node:crypto'
import type { Secret } from '../transport/command.ts'
import * as der from './der.ts'
import { PkiError } from './errors.ts'

/** Parses a private key; throws {@link PkiError} without a word of its content. */
export function privateKey(key: Secret): KeyObject {
  try {
    return createPrivateKey(key.reveal())
  } catch {
    throw new PkiError('the private key cannot be read')
  }
}

/** The subject key identifier of RFC 7093, method 1, as Go makes it since 1.25: 160 bits of the SHA-256 of the key's bits. */
export function keyIdentifier(publicKey: KeyObject): Buffer {
  const [, key] = der.items(der.decode(publicKey.export({ type: 'spki', format: 'der' })))
  return createHash('sha256').update(der.bitBytes(key)).digest().subarray(0, 20)
}

/** `sha256:` of the SubjectPublicKeyInfo, as `kubeadm join --discovery-token-ca-cert-hash` takes it. */
export function publicKeyHash(publicKey: KeyObject): string {
  const info = publicKey.export({ type: 'spki', format: 'der' })
  return `sha256:${createHash('sha256').update(info).digest('hex')}`
}

/** The algorithm in the spelling of kubeadm's `encryptionAlgorithm`, or Node's own name where that has none. */
export function keyAlgorithm(publicKey: KeyObject): string {
  const { modulusLength, namedCurve } = publicKey.asymmetricKeyDetails ?? {}
  if (publicKey.asymmetricKeyType === 'rsa') return `RSA-${modulusLength}`
  const curves: Readonly<Record<string, string>> = { prime256v1: 'P256', secp384r1: 'P384', secp521r1: 'P521' }
  const curve = namedCurve === undefined ? undefined : (curves[namedCurve] ?? namedCurve)
  return curve === undefined ? String(publicKey.asymmetricKeyType) : `ECDSA-${curve}`
}
