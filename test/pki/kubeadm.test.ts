import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  authorities,
  type AuthorityName,
  certificates,
  certificateSpec,
  kubeconfigs,
  serviceAccountPair,
} from '../../src/pki/certificates.ts'
import { type Authority, issueAuthority, issueCertificate, publicKeyOf } from '../../src/pki/issue.ts'
import { renderBootstrapKubeconfig, renderKubeconfig } from '../../src/pki/kubeconfig.ts'
import { compareCertificate, readCertificate } from '../../src/pki/read.ts'
import { Secret } from '../../src/transport/command.ts'
import { describeTree, type PkiDescription, type PkiTree } from './describe.ts'
import { keyOf, year } from './fixtures.ts'
import {
  bootstrapToken,
  type KubeadmCase,
  kubeadmCases,
  kubeadmConfiguration,
  kubeadmVersions,
} from './kubeadm-cases.ts'

type Files = Record<string, { readonly mode: number; readonly content: string }>

/** The tree of a first control plane, made by us. */
async function ourTree({ host, algorithm, servers }: KubeadmCase, kubernetesVersion: string): Promise<PkiTree> {
  const times = { validitySeconds: year, now: new Date() }
  const [authorityKey, key] = [await keyOf(algorithm, 'authority'), await keyOf(algorithm)]
  const pki: Files = {}
  const made = new Map<AuthorityName, Authority>()
  const put = (path: string, mode: number, content: string) => (pki[path] = { mode, content })
  for (const spec of authorities) {
    const certificate = issueAuthority({ spec, key: authorityKey, ...times, validitySeconds: 10 * year })
    made.set(spec.name, { certificate, key: authorityKey })
    put(`${spec.path}.crt`, 0o644, certificate)
    put(`${spec.path}.key`, 0o600, authorityKey.reveal())
  }
  const issue = (row: (typeof certificates)[number]) => {
    const spec = certificateSpec(row, { ...host, kubernetesVersion })
    const authority = made.get(spec.authority)
    if (authority === undefined) throw new Error(`no authority ${spec.authority}`)
    return { spec, authority, pem: issueCertificate({ spec, authority, key, ...times }) }
  }
  for (const row of certificates) {
    put(`${row.path}.crt`, 0o644, issue(row).pem)
    put(`${row.path}.key`, 0o600, key.reveal())
  }
  put(serviceAccountPair.key, 0o600, key.reveal())
  put(serviceAccountPair.publicKey, 0o600, publicKeyOf(key))
  const files = kubeconfigs.map((row) => {
    const { spec, authority, pem } = issue(row)
    const text = renderKubeconfig({
      server: servers[row.server],
      caPem: authority.certificate,
      user: spec.commonName,
      certificatePem: pem,
      key,
    })
    return [row.name, { mode: 0o600, content: text.reveal() }] as const
  })
  const caPem = made.get('ca')?.certificate ?? ''
  const bootstrap = renderBootstrapKubeconfig({ server: servers.cluster, caPem, token: new Secret(bootstrapToken) })
  const kubelet = ['bootstrap-kubelet.conf', { mode: 0o600, content: bootstrap.reveal() }] as const
  return { pki, kubeconfigs: Object.fromEntries([...files, kubelet]) }
}

const cases = kubeadmVersions.flatMap((version) => kubeadmCases.map((each) => ({ version, each, name: each.name })))

describe.each(cases)('kubeadm $version, $name:', ({ version, each }) => {
  test('our certificates, kubeconfigs and keys say what kubeadm’s say', async () => {
    const path = join(import.meta.dirname, '../golden/kubeadm', version, 'pki', `${each.name}.json`)
    const golden = JSON.parse(readFileSync(path, 'utf8')) as PkiDescription
    expect(describeTree(await ourTree(each, version))).toEqual(golden)
  })
})

// The rest asks the real kubeadm, where the lab has built it.
const kubeadmOf = (version: string) => join(homedir(), '.cache/kubewright/tools', version, 'kubeadm')
const built = cases
  // One case with fast keys is enough here: the goldens have them all.
  .filter(({ version, name }) => name === 'dual-stack-rsa' && existsSync(kubeadmOf(version)))
  .map(({ version, each }) => ({ version, each: { ...each, algorithm: 'ECDSA-P256' as const } }))

function inDirectory<Result>(tree: PkiTree, work: (root: string) => Result): Result {
  const root = mkdtempSync(join(tmpdir(), 'kubewright-pki-'))
  try {
    const files = [
      ...Object.entries(tree.pki).map(([path, file]) => [join(root, 'pki', path), file] as const),
      ...Object.entries(tree.kubeconfigs).map(([path, file]) => [join(root, path), file] as const),
    ]
    for (const [path, { mode, content }] of files) {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, content)
      chmodSync(path, mode)
    }
    return work(root)
  } finally {
    rmSync(root, { recursive: true })
  }
}

describe.each(built)('the real kubeadm $version', ({ version, each }) => {
  test('uses our tree as it is, and renews from it', async () => {
    const tree = await ourTree(each, version)
    inDirectory(tree, (root) => {
      const pki = join(root, 'pki')
      const configuration = join(root, 'kubeadm.yaml')
      writeFileSync(configuration, kubeadmConfiguration(each, version, pki))
      const run = (...words: readonly string[]) => {
        const { status, stdout, stderr } = spawnSync(kubeadmOf(version), [...words, '--config', configuration], {
          encoding: 'utf8',
        })
        expect(status, stderr).toBe(0)
        return stdout
      }
      expect(run('init', 'phase', 'certs', 'all')).not.toContain('Generating')
      expect(run('init', 'phase', 'kubeconfig', 'all', '--kubeconfig-dir', root)).not.toContain('Writing')
      const before = readFileSync(join(pki, 'apiserver.crt'), 'utf8')
      expect(run('certs', 'renew', 'apiserver')).toContain('renewed')
      const after = readFileSync(join(pki, 'apiserver.crt'), 'utf8')
      expect(after).not.toBe(before)
      expect(readCertificate(after).sans).toEqual(readCertificate(before).sans)
    })
  })

  test('makes a tree in which we find nothing to change', () => {
    inDirectory({ pki: {}, kubeconfigs: {} }, (root) => {
      const pki = join(root, 'pki')
      const configuration = join(root, 'kubeadm.yaml')
      writeFileSync(configuration, kubeadmConfiguration(each, version, pki))
      execFileSync(kubeadmOf(version), ['init', 'phase', 'certs', 'all', '--config', configuration])
      for (const row of certificates) {
        const spec = certificateSpec(row, { ...each.host, kubernetesVersion: version })
        const authority = authorities.find(({ name }) => name === spec.authority)
        const [pem, authorityPem] = [spec.path, authority?.path].map((path) =>
          readFileSync(join(pki, `${path}.crt`), 'utf8'),
        )
        expect(compareCertificate(readCertificate(pem ?? ''), spec, authorityPem, new Date())).toEqual([])
      }
    })
  })
})
