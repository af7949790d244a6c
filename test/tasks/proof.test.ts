import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scriptFile } from '../../src/host/script.ts'

/** Runs the network check as an action does, with a kubectl whose way into pods works from the n-th request on. */
function prove(worksFrom: number) {
  const count = join(mkdtempSync(join(tmpdir(), 'kw-proof-')), 'requests')
  const script = `sleep() { :; }
kw_kubectl() {
  case "$*" in
    *'get --raw'*)
      echo >>${count}
      [ "$(wc -l <${count})" -ge ${worksFrom} ] || { echo 'Error from server: dial tcp 10.244.1.2:8080: connect: no route to host' >&2; return 1; }
      echo '{"responses":["proof"]}' ;;
    *clusterIP*) echo 10.96.0.20 ;;
    *'get pods -o jsonpath'*) printf 'proof-1 10.244.0.2 cp1\\nproof-2 10.244.1.2 w1\\n' ;;
  esac
}
(
set -e
${scriptFile('proof/network.sh').text}
kw_proof https://10.0.0.11:6443 agnhost cluster.local 2
echo proved
)`
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8' })
  return { status, stdout, stderr, requests: readFileSync(count, 'utf8').length }
}

test('the check of the network has patience with a pod that cannot be reached yet', () => {
  expect(prove(3)).toMatchObject({ status: 0, stdout: 'proved\n', requests: 8 })
})

test('a pod that is never reached is named, with what kubectl said', () => {
  const { status, stderr } = prove(1000)
  expect(status).toBe(1)
  expect(stderr).toContain('a pod on cp1 does not reach pod 10.244.1.2 on another node')
  expect(stderr).toContain('no route to host')
})
