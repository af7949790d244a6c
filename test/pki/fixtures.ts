import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  authorities,
  type AuthorityName,
  type CertificateSpec,
  certificates,
  certificateSpec,
  type PkiHost,
} from '../../src/pki/certificates.ts'
import {
  type Authority,
  generateKey,
  issueAuthority,
  issueCertificate,
  type KeyAlgorithm,
} from '../../src/pki/issue.ts'
import type { Secret } from '../../src/transport/command.ts'

export const now = new Date('2026-11-21T12:00:00Z')
export const year = 365 * 24 * 3600

export const host: PkiHost = {
  nodeName: 'cp-1',
  nodeIPs: ['192.0.2.11', '2001:db8::11'],
  advertiseAddress: '192.0.2.11',
  controlPlaneEndpointHost: 'api.example.test',
  certSANs: [],
  etcdServerCertSANs: [],
  etcdPeerCertSANs: [],
  apiServiceIPs: ['10.96.0.1'],
  dnsDomain: 'cluster.local',
  kubernetesVersion: '1.37.1',
}

const keys = new Map<string, Promise<Secret>>()

/** One key per algorithm and holder for a whole test file: RSA keys are slow to find, and no test cares which one it is. */
export function keyOf(algorithm: KeyAlgorithm, holder: 'leaf' | 'authority' = 'leaf'): Promise<Secret> {
  const key = keys.get(`${holder} ${algorithm}`) ?? generateKey(algorithm)
  keys.set(`${holder} ${algorithm}`, key)
  return key
}

export async function authorityOf(
  algorithm: KeyAlgorithm,
  name: AuthorityName = 'ca',
  at: Date = now,
): Promise<Authority> {
  const spec = authorities.find((each) => each.name === name)
  if (spec === undefined) throw new Error(`no authority ${name}`)
  const key = await keyOf(algorithm, 'authority')
  return { certificate: issueAuthority({ spec, key, validitySeconds: 10 * year, now: at }), key }
}

export function specOf(name: string, changes: Partial<PkiHost> = {}): CertificateSpec {
  const row = certificates.find((each) => each.name === name)
  if (row === undefined) throw new Error(`no certificate ${name}`)
  return certificateSpec(row, { ...host, ...changes })
}

/** A certificate for the spec with everything else as usual. */
export async function issued(spec: CertificateSpec, authority: Authority): Promise<string> {
  return issueCertificate({ spec, authority, key: await keyOf('ECDSA-P256'), validitySeconds: year, now })
}

/** Runs openssl on the files, which it finds by their names in its working directory. */
export function openssl(
  words: readonly string[],
  files: Readonly<Record<string, string>>,
): { readonly code: number | null; readonly output: string } {
  const directory = mkdtempSync(join(tmpdir(), 'kubewright-pki-'))
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content, { mode: 0o600 })
    const { status, stdout, stderr } = spawnSync('openssl', words, { cwd: directory, encoding: 'utf8' })
    return { code: status, output: stdout + stderr }
  } finally {
    rmSync(directory, { recursive: true })
  }
}
