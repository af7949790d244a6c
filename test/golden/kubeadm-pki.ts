// Makes test/golden/kubeadm/<version>/pki/*.json with the real kubeadm of each minor, which the lab builds:
//   npx tsc; node dist/test/golden/kubeadm-pki.js
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeTree, type PkiTree } from '../pki/describe.ts'
import {
  bootstrapToken,
  type KubeadmCase,
  kubeadmCases,
  kubeadmConfiguration,
  kubeadmVersions,
} from '../pki/kubeadm-cases.ts'

for (const version of kubeadmVersions) {
  const directory = join('test/golden/kubeadm', version, 'pki')
  mkdirSync(directory, { recursive: true })
  for (const each of kubeadmCases) {
    const golden = describeTree(treeOf(each, version))
    writeFileSync(join(directory, `${each.name}.json`), `${JSON.stringify(golden, null, 2)}\n`)
  }
}

/** What `kubeadm init` leaves of certificates and kubeconfigs. */
function treeOf(each: KubeadmCase, version: string): PkiTree {
  const kubeadm = join(homedir(), '.cache/kubewright/tools', version, 'kubeadm')
  const root = mkdtempSync(join(tmpdir(), 'kubewright-golden-'))
  try {
    const configuration = join(root, 'kubeadm.yaml')
    writeFileSync(configuration, kubeadmConfiguration(each, version, join(root, 'pki')))
    const run = (...words: readonly string[]) =>
      execFileSync(kubeadm, [...words, '--config', configuration], { encoding: 'utf8' })
    run('init', 'phase', 'certs', 'all')
    run('init', 'phase', 'kubeconfig', 'all', '--kubeconfig-dir', join(root, 'conf'))
    // What `kubeadm join` writes for the kubelet, made by the same function.
    const bootstrap = run('kubeconfig', 'user', '--client-name', 'tls-bootstrap-token-user', '--token', bootstrapToken)
    writeFileSync(join(root, 'conf', 'bootstrap-kubelet.conf'), bootstrap.replace(/\n\n$/, '\n'), { mode: 0o600 })
    return { pki: filesOf(join(root, 'pki')), kubeconfigs: filesOf(join(root, 'conf')) }
  } finally {
    rmSync(root, { recursive: true })
  }
}

function filesOf(directory: string): PkiTree['pki'] {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()
  const files = names.filter((name) => statSync(join(directory, name)).isFile())
  return Object.fromEntries(
    files.map((name) => {
      const path = join(directory, name)
      return [name, { mode: statSync(path).mode & 0o777, content: readFileSync(path, 'utf8') }]
    }),
  )
}
