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

const pods = ['n0', 'n1', 'n0-host', 'n1-host'].map((name, index) => `'Pod ${name} Running 10.244.0.${index} x'`)
const listed = `*'get namespaces,pods,services'*) printf '%s\\n' ${pods.join(' ')} ;;`

test('a control plane asks its own API server, since the balancer of admin.conf may be down', () => {
  expect(check('*) return 1 ;;')).toBe('down\n')
  expect(readFileSync(join(directory, 'asked'), 'utf8')).toBe('https://10.89.5.11:6443\n')
})

test('a policy closes the last pod to the first one, and opens it when it is gone', () => {
  const said = check(
    `*' create '*) cat >>"$kw_asked" ;;`,
    listed,
    `*' exec n0 '*' sh closed '*) echo 'cell blocked cp1 w1 ok'; echo end ;;`,
    `*' exec n0 '*' sh open '*) echo 'cell unblocked cp1 w1 ok'; echo end ;;`,
    `*' exec '*) echo end ;;`,
    `*'delete networkpolicy closed'*) echo 'policy deleted' >>"$kw_asked" ;;`,
  )
  expect(said).toContain('cell blocked cp1 w1 ok\ncell unblocked cp1 w1 ok\nend\n')
  expect(readFileSync(join(directory, 'asked'), 'utf8')).toMatch(/check: 'n1'[^]*policy deleted/)
})

test('a policy that cannot be made is one failure, and what else was learned stays', () => {
  const said = check(
    `*' create '*) case $(cat) in *NetworkPolicy*) echo 'admission webhook denied' >&2; return 1 ;; esac ;;`,
    listed,
    `*' exec n0 '*) echo 'cell pod cp1 w1 ok'; echo end ;;`,
    `*' exec '*) echo end ;;`,
  )
  expect(said).toContain('cell pod cp1 w1 ok\n')
  expect(said).toContain('cell blocked cp1 w1 failed the policy could not be made: admission webhook denied\nend\n')
  expect(said).not.toContain('error')
})
