import { beforeEach, expect, test } from 'vitest'
import { controlPlaneControllers } from '../../src/tasks/control-plane/static-pods.ts'
import { clusterOf, contextOf, factsOf, hostOf } from '../support/facts.ts'
import { applyTasks } from '../support/run-task.ts'
import { flyingTime, sandboxHost, type SandboxHost } from '../support/sandbox-host.ts'

const hosts = [hostOf({ name: 'cp1' })]
const context = contextOf({ cluster: clusterOf({ hosts }), host: hosts[0] ?? hostOf(), facts: factsOf() })
const manifest = '/etc/kubernetes/manifests/kube-scheduler.yaml'

let host: SandboxHost

/** A program that says the next of its answers with each call, and the last one from then on. */
function program(name: string, answers: readonly string[]): void {
  host.write(`/fake/${name}`, answers.map((answer) => `${answer}\n`).join(''))
  host.write(
    `/usr/local/sbin/${name}`,
    `#!/bin/sh
case $* in *'containers info'*) echo '"io.kubernetes.cri.sandbox-id": "'"\${5%-container}"'",'; exit ;; esac
echo "$*" >>/fake/${name}.calls
n=$(wc -l </fake/${name}.calls); [ "$n" -le ${answers.length} ] || n=${answers.length}
head -n "$n" /fake/${name} | tail -n 1
`,
    0o755,
  )
}

function calls(name: string): number {
  return host.read(`/fake/${name}.calls`)?.trimEnd().split('\n').length ?? 0
}

beforeEach(async () => {
  host = sandboxHost()
  flyingTime(host)
  await applyTasks(host, controlPlaneControllers, context)
  host.write(manifest, (host.read(manifest) ?? '').replace('priorityClassName', 'edited'), 0o600)
})

test('an update waits for a sandbox that was not there before, and until the API shows the container in it', async () => {
  program('ctr', ['old older', 'old', '', 'new'])
  program('kubectl', ['containerd://old-container', 'containerd://new-container'])
  await applyTasks(host, controlPlaneControllers, context)
  expect(host.read(manifest)).not.toContain('edited')
  expect([calls('ctr'), calls('kubectl')]).toEqual([4, 2])
})

test('an update of which the API never hears ends all the same', async () => {
  program('ctr', ['old', 'new'])
  program('kubectl', [''])
  await applyTasks(host, controlPlaneControllers, context)
  expect(calls('kubectl')).toBe(2)
})

test('an edit that changes nothing of the pod waits for nobody', async () => {
  host.write(manifest, `${(host.read(manifest) ?? '').replace('edited', 'priorityClassName')}\n# by hand\n`, 0o600)
  program('ctr', ['old'])
  await applyTasks(host, controlPlaneControllers, context)
  expect(host.read(manifest)).not.toContain('by hand')
  expect(calls('ctr')).toBe(0)
})

test('an edit of which the kubelet makes no new pod waits for a minute, and does not ask the API', async () => {
  program('ctr', ['old'])
  program('kubectl', [''])
  await applyTasks(host, controlPlaneControllers, context)
  expect([calls('ctr'), calls('kubectl')]).toEqual([61, 0])
})
