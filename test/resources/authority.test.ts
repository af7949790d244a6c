import { describe, expect, test } from 'vitest'
import { resolvingContext } from '../../src/engine/ready.ts'
import type { Resolving } from '../../src/engine/resource.ts'
import type { Target } from '../../src/engine/target.ts'
import { authorities } from '../../src/pki/certificates.ts'
import { keyMatches } from '../../src/pki/read.ts'
import {
  authority,
  authorityForSigning,
  authorityPair,
  serviceAccountKeys,
  type AuthoritySource,
} from '../../src/resources/authority.ts'
import { Secret } from '../../src/transport/command.ts'
import { sandboxHost } from '../support/sandbox-host.ts'

const source: AuthoritySource = { hosts: ['cp1'], algorithm: 'ECDSA-P256', validity: 86_400 }
const spec = authorities[0]!
const key = '/etc/kubernetes/pki/ca.key'
const certificate = '/etc/kubernetes/pki/ca.crt'
const publicKey = '/etc/kubernetes/pki/sa.pub'
const now = new Date('2026-11-21T00:00:00Z')

function resolving(target: Pick<Target, 'read'>): Resolving {
  const targets = new Map([['cp1', target as Target]])
  return resolvingContext(
    targets,
    (text) => new Secret(text),
    () => now,
  )
}

function holding(files: Readonly<Record<string, string>>): Resolving {
  return resolving({
    read: (path) => Promise.resolve(files[path] === undefined ? undefined : Buffer.from(files[path])),
  })
}

test('nobody signs with an authority that no control plane holds', async () => {
  await expect(authorityForSigning(spec, source, holding({}))).rejects.toMatchObject({ details: { code: 'KW3020' } })
})

test('an authority that was made in this run signs', async () => {
  const context = holding({})
  const made = await authorityPair(spec, source, context)
  expect(await authorityForSigning(spec, source, context)).toBe(made)
})

test('a failed signature does not keep the authority from being made', async () => {
  const context = holding({})
  await expect(authorityForSigning(spec, source, context)).rejects.toThrow('No control plane holds')
  const { certificate: pem, key: secret } = await authorityPair(spec, source, context)
  expect(keyMatches(pem, secret)).toBe(true)
})

test('a key that cannot be read is not taken for one that is not there', async () => {
  const host = sandboxHost()
  host.write(`${key}/surprise`, 'a directory cannot be read as a file')
  await expect(authorityPair(spec, source, resolving(host.target))).rejects.toMatchObject({
    details: { code: 'KW3021', host: 'cp1' },
  })
  expect(await host.target.read('/etc/kubernetes/pki/none')).toBeUndefined()
})

test('files that a power cut has left empty are made again', async () => {
  const { key: secret } = await authorityPair(spec, source, holding({ [key]: '', [certificate]: '' }))
  expect(secret.reveal()).toContain('PRIVATE KEY')
})

test('an authority that cannot be read is a finding', () => {
  const wanted = authority(spec, source, now)
  const state = wanted.probe.parse(
    `stat|regular file|600|root:root|${key}\nstat|regular file|644|root:root|${certificate}\ntext ${certificate}\n|rubbish\n\n`,
  )
  expect(wanted.examine?.(state)).toMatchObject([
    { check: 'CertificateAuthority', message: expect.stringContaining('there is no PEM certificate') },
  ])
})

test('a service account key that was lost is not replaced in silence: every token would be worth nothing', () => {
  const keys = serviceAccountKeys(source)
  const lost = keys.probe.parse(
    `stat|regular file|600|root:root|${publicKey}\ntext ${publicKey}\n|-----BEGIN PUBLIC KEY-----\n\n`,
  )
  expect(keys.examine?.(lost)).toMatchObject([{ check: 'ServiceAccountKey', severity: 'error' }])
  const none = keys.probe.parse('')
  expect(keys.examine?.(none)).toEqual([])
})

/** Hosts that this run reaches, with the files that each has. */
function reaching(files: Readonly<Record<string, Readonly<Record<string, string>>>>): Resolving {
  const targets = Object.entries(files).map(([host, held]): [string, Target] => [
    host,
    {
      read: (path: string) => Promise.resolve(held[path] === undefined ? undefined : Buffer.from(held[path])),
    } as Target,
  ])
  return resolvingContext(
    new Map(targets),
    (text) => new Secret(text),
    () => now,
  )
}

test('a certificate that anyone holds is kept, where a run that was cut off has left the key alone elsewhere', async () => {
  const made = await authorityPair(spec, source, holding({}))
  const context = reaching({
    cp1: { [key]: made.key.reveal() },
    cp2: { [key]: made.key.reveal(), [certificate]: made.certificate },
  })
  const pair = await authorityPair(spec, { ...source, hosts: ['cp1', 'cp2'] }, context)
  expect(pair.certificate).toBe(made.certificate)
})

describe('a host that is not reached', () => {
  test('is not needed where another one holds the authority', async () => {
    const made = await authorityPair(spec, source, holding({}))
    const context = reaching({ cp2: { [key]: made.key.reveal(), [certificate]: made.certificate } })
    const pair = await authorityForSigning(spec, { ...source, hosts: ['cp2', 'cp1'] }, context)
    expect(pair.certificate).toBe(made.certificate)
  })

  test('may be the only one that holds it, so no other is made', async () => {
    const context = reaching({ cp2: {} })
    await expect(authorityPair(spec, { ...source, hosts: ['cp2', 'cp1'] }, context)).rejects.toMatchObject({
      details: { code: 'KW3023', host: 'cp1' },
    })
  })
})
