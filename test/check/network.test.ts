import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { networkCheck } from '../../src/check/network.ts'
import { calicoOptions, clusterOf, hostOf, workerOf } from '../support/facts.ts'

let directory = ''

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kubewright-check-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  mkdirSync(join(directory, 'manifests'))
  writeFileSync(join(directory, 'admin.conf'), '    server: https://api.example.com:6443\n')
  const endpoint = '    kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint: 10.89.5.11:6443\n'
  writeFileSync(join(directory, 'manifests/kube-apiserver.yaml'), endpoint)
})

/** Runs the check of a cluster with Calico to its end, with the given cases of a kubectl; `$kw_asked` is a file. */
function check(...cases: readonly string[]): string {
  const cluster = clusterOf({ hosts: [hostOf(), workerOf('w1', '10.89.5.21')], cni: calicoOptions })
  const { text } = networkCheck(cluster, ['cp1', 'w1'])
  const script = `kw_asked=${directory}/asked
kw_kubectl() {
  echo "$1" >>"$kw_asked"
  case "$*" in
    ${cases.join('\n    ')}
  esac
}
${text.replaceAll('/etc/kubernetes', directory).replace(/kw_network_watched$/, 'kw_network 3>&1')}`
  return spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8' }).stdout
}

test('a control plane asks its own API server, since the balancer of admin.conf may be down', () => {
  expect(check('*) return 1 ;;')).toBe('down\n')
  expect(readFileSync(join(directory, 'asked'), 'utf8')).toBe('https://10.89.5.11:6443\n')
})
