import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { networkProof } from '../../src/check/network.ts'
import { clusterOf, hostOf, workerOf } from '../support/facts.ts'

const cluster = clusterOf({ hosts: [hostOf(), workerOf('w1', '10.89.5.21')] })

/** Runs the proof as an action does, with a kubectl for which pods say these lines, and said others in the first minute. Nobody sleeps. */
function prove(
  said: Readonly<Record<string, string>>,
  { pods = 'Running', before = said }: { readonly pods?: string; readonly before?: typeof said } = {},
) {
  const says = Object.entries(said).map(
    ([pod, lines]) =>
      `*"exec ${pod} "*) if [ "$slept" -lt 60 ]; then printf '%s\\n' '${before[pod] ?? ''}'; else printf '%s\\n' '${lines}'; fi ;;`,
  )
  const script = `slept=0
sleep() { slept=$((slept + \${1%.*})); }
date() { echo "$slept"; }
kw_kubectl() {
  case "$*" in
    *' create '*) cat >/dev/null ;;
    *'get namespaces,pods,services'*) printf '%s\\n' 'Pod n0 Running 10.244.0.2 x' 'Pod n1 ${pods} 10.244.1.2 x' 'Service n0  10.96.0.20 x' 'Service n1  10.96.0.21 x' ;;
    *'get pod n1'*) echo 'ContainerCreating' ;;
    *'get events'*) echo 'failed to set up the network' ;;
    *'delete namespace'*) echo deleted >&2 ;;
    ${says.join('\n    ')}
  esac
}
(
set -e
${networkProof(cluster, ['cp1', 'w1'], 'https://10.0.0.11:6443').text.replace('KW_LIMIT=180', 'KW_LIMIT=0')}
echo proved
)`
  return spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8' })
}

test('the proof holds when every pod reaches its neighbour', () => {
  const said = { n0: 'cell pod cp1 w1 ok\nend', n1: 'cell pod w1 cp1 ok\nend' }
  expect(prove(said)).toMatchObject({ status: 0, stdout: 'proved\n' })
})

test('whoever learns of a service within the minute has not failed', () => {
  const said = { n0: 'cell pod cp1 w1 ok\nend', n1: 'cell service w1 cp1 ok\nend' }
  const before = { ...said, n1: 'cell service w1 cp1 failed REFUSED\nend' }
  expect(prove(said, { before })).toMatchObject({ status: 0, stdout: 'proved\n' })
})

test('what a pod does not reach is named, with what it said', () => {
  const said = { n0: 'cell pod cp1 w1 failed TIMEOUT\nend', n1: 'cell dns w1 - failed DNS: no such host\nend' }
  const { status, stderr } = prove(said)
  expect(status).toBe(1)
  expect(stderr).toContain('cp1 does not reach the pod of w1: TIMEOUT')
  expect(stderr).toContain('w1 does not reach dns: DNS: no such host')
})

test('a pod that does not run is named, with its last event', () => {
  const { status, stderr } = prove({ n0: 'cell pod cp1 cp1 ok\nend' }, { pods: 'Pending' })
  expect(status).toBe(1)
  expect(stderr).toContain('the pod of the check on w1: ContainerCreating failed to set up the network')
})

test('a pod that the API does not get into is no proof', () => {
  const { status, stderr } = prove({ n0: 'end', n1: 'error dialing backend: i/o timeout' })
  expect(status).toBe(1)
  expect(stderr).toContain('the pod of the check on w1: error dialing backend: i/o timeout')
})
