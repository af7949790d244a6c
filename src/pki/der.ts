import forge, { type asn1 } from 'node-forge'

/** One ASN.1 value, as node-forge keeps it. */
export type Der = asn1.Asn1

/** The object identifiers of the certificates that Kubernetes uses (RFC 5280, RFC 5758). */
export const oids = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  anyUsage: '2.5.29.37.0',
  server: '1.3.6.1.5.5.7.3.1',
  client: '1.3.6.1.5.5.7.3.2',
  sha256WithRSA: '1.2.840.113549.1.1.11',
  sha256WithECDSA: '1.2.840.10045.4.3.2',
  sha384WithECDSA: '1.2.840.10045.4.3.3',
  sha512WithECDSA: '1.2.840.10045.4.3.4',
} as const

const { Class, Type } = forge.asn1

// node-forge keeps the number of a context tag where a universal type would stand.
const contextTags = { 0: Type.NONE, 2: Type.INTEGER, 3: Type.BITSTRING, 7: Type.ODESC } as const

/** The context tags of a certificate: version and key identifier, DNS name, extensions, IP address. */
export type ContextTag = keyof typeof contextTags

/** Writes a value with everything in it. */
export function encode(value: Der): Buffer {
  return Buffer.from(forge.asn1.toDer(value).getBytes(), 'latin1')
}

/** Throws on anything that is not exactly one DER value. */
export function decode(der: Buffer): Der {
  return forge.asn1.fromDer(der.toString('latin1'))
}

/** A SEQUENCE in the order given. */
export function sequence(...items: readonly Der[]): Der {
  return forge.asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, [...items])
}

/** A SET OF; DER wants its elements in the order of their bytes. */
export function set(...items: readonly Der[]): Der {
  const ordered = items.toSorted((a, b) => Buffer.compare(encode(a), encode(b)))
  return forge.asn1.create(Class.UNIVERSAL, Type.SET, true, ordered)
}

/** An object identifier from its dotted form. */
export function oid(identifier: string): Der {
  return forge.asn1.create(Class.UNIVERSAL, Type.OID, false, forge.asn1.oidToDer(identifier).getBytes())
}

/** An INTEGER from its bytes; the caller sees to the sign and to leading zeros. */
export function integer(bytes: Buffer): Der {
  return primitive(Type.INTEGER, bytes)
}

/** An OCTET STRING. */
export function octets(bytes: Buffer): Der {
  return primitive(Type.OCTETSTRING, bytes)
}

/** A BIT STRING; `unused` is how many of the last byte's lowest bits do not count. */
export function bits(bytes: Buffer, unused = 0): Der {
  return primitive(Type.BITSTRING, Buffer.concat([Buffer.of(unused), bytes]))
}

/** NULL. */
export function nothing(): Der {
  return primitive(Type.NULL, Buffer.alloc(0))
}

/** BOOLEAN true; DER leaves out what is false by default. */
export function yes(): Der {
  return primitive(Type.BOOLEAN, Buffer.of(0xff))
}

/** A name's text as Go writes it: PrintableString where every character allows it, else UTF8String. */
export function text(value: string): Der {
  const printable = /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(value)
  return primitive(printable ? Type.PRINTABLESTRING : Type.UTF8, Buffer.from(value, 'utf8'))
}

/** A time in seconds: UTCTime up to 2049, GeneralizedTime from 2050 on (RFC 5280, 4.1.2.5). */
export function time(date: Date): Der {
  const digits = `${date.toISOString().slice(0, 19).replaceAll(/\D/g, '')}Z`
  return date.getUTCFullYear() < 2050
    ? primitive(Type.UTCTIME, Buffer.from(digits.slice(2)))
    : primitive(Type.GENERALIZEDTIME, Buffer.from(digits))
}

/** A value under the context tag `[tag]`: nested values, or the bytes that an implicit tag gives another meaning. */
export function tagged(tag: ContextTag, content: readonly Der[] | Buffer): Der {
  return Buffer.isBuffer(content)
    ? forge.asn1.create(Class.CONTEXT_SPECIFIC, contextTags[tag], false, content.toString('latin1'))
    : forge.asn1.create(Class.CONTEXT_SPECIFIC, contextTags[tag], true, [...content])
}

/** The values inside a constructed value; none if it has bytes instead. */
export function items(value: Der | undefined): readonly Der[] {
  return Array.isArray(value?.value) ? value.value : []
}

/** The bytes of a primitive value; none if it has values instead. */
export function bytes(value: Der | undefined): Buffer {
  return typeof value?.value === 'string' ? Buffer.from(value.value, 'latin1') : Buffer.alloc(0)
}

/** The bytes of a BIT STRING. node-forge decodes those that happen to look like DER, so they are cut from its own encoding. */
export function bitBytes(value: Der | undefined): Buffer {
  if (value === undefined) return Buffer.alloc(0)
  const der = encode(value)
  const length = der.readUInt8(1)
  const header = length < 0x80 ? 2 : 2 + (length & 0x7f)
  return der.subarray(header + 1) // less the number of unused bits
}

/** The dotted form of an object identifier. */
export function identifier(value: Der | undefined): string {
  return forge.asn1.derToOid(bytes(value).toString('latin1'))
}

/** The moment that a UTCTime or GeneralizedTime means; throws if it means none. */
export function date(value: Der | undefined): Date {
  const digits = bytes(value).toString('latin1')
  const moment =
    value?.type === Type.UTCTIME ? forge.asn1.utcTimeToDate(digits) : forge.asn1.generalizedTimeToDate(digits)
  if (Number.isNaN(moment.getTime())) throw new RangeError('no time')
  return moment
}

/** Whether the value stands under the context tag `[tag]`. */
export function hasTag(value: Der, tag: ContextTag): boolean {
  return value.tagClass === Class.CONTEXT_SPECIFIC && value.type === contextTags[tag]
}

function primitive(type: asn1.Type, content: Buffer): Der {
  return forge.asn1.create(Class.UNIVERSAL, type, false, content.toString('latin1'))
}
