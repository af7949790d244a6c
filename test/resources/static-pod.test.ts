import { beforeEach, expect, test } from 'vitest'
import { controlPlaneControllers } from '../../src/tasks/control-plane/static-pods.ts'
import { clusterOf, contextOf, factsOf, hostOf } from '../support/facts.ts'
import { applyTasks } from '../support/run-task.ts'
import { flyingTime, sandboxHost, type SandboxHost } from '../support/sandbox-host.ts'

const hosts = [hostOf({ name: 'cp1' })]
const context = contextOf({ cluster: clusterOf({ hosts }), host: hosts[0] ?? hostOf(), facts: factsOf() })
const manifest = '/etc/kubernetes/manifests/kube-scheduler.yaml'

let host: SandboxHost

/** A program that says the next of its answers with each call, and the last one from then on; with `!` it fails. */
function program(name: string, answers: readonly string[]): void {
  host.write(`/fake/${name}`, answers.map((answer) => `${answer}\n`).join(''))
  host.write(
    `/usr/local/sbin/${name}`,
    `#!/bin/sh
for last; do :; done
case $* in *'containers info'*) echo '"io.kubernetes.cri.sandbox-id": "'"\${last%-container}"'",'; exit ;; esac
echo "$*" >>/fake/${name}.calls
n=$(wc -l </fake/${name}.calls); [ "$n" -le ${answers.length} ] || n=${answers.length}
answer=$(head -n "$n" /fake/${name} | tail -n 1)
[ "$answer" != ! ] || { echo "${name} does not answer" >&2; exit 1; }
echo "$answer"
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
  expect(calls('kubectl')).toBe(3)
})

test('containerd is asked where it listens', async () => {
  program('ctr', ['old', 'new'])
  program('kubectl', ['containerd://new-container'])
  const containerd = { ...context.host.containerd, criSocket: '/run/other.sock' }
  await applyTasks(host, controlPlaneControllers, { ...context, host: { ...context.host, containerd } })
  expect(host.read('/fake/ctr.calls')).toMatch(/^(?:--address \/run\/other\.sock -n k8s\.io containers ls .*\n){2}$/)
})

test('a pod of which containerd does not tell at once is none the less there before', async () => {
  program('ctr', ['!', 'old', 'old', '!', 'new'])
  program('kubectl', ['containerd://new-container'])
  await applyTasks(host, controlPlaneControllers, context)
  expect(calls('ctr')).toBe(5)
})

test('no pod is changed while containerd does not tell which there are', async () => {
  program('ctr', ['!'])
  await expect(applyTasks(host, controlPlaneControllers, context)).rejects.toMatchObject({
    details: { code: 'KW3004', output: expect.stringContaining('ctr does not answer') },
  })
  expect(host.read(manifest)).toContain('edited')
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
  expect([calls('ctr'), calls('kubectl')]).toEqual([4, 0])
})
