import { expect, test } from 'vitest'
import { planSummary, planText } from '../../../src/cli/render/plan.ts'
import { styleOf } from '../../../src/cli/style.ts'
import { changeOf, planOf } from '../support.ts'

const view = { style: styleOf(false), verbose: false }
const sysctl = { change: { summary: 'write /etc/sysctl.d/99-kubernetes.conf' } }
const config = '@@ -1,2 +1,2 @@\n version = 3\n-root = "/old"\n+root = "/new"\n'

const mixed = planOf([
  changeOf({ host: 'cp1', ...sysctl }),
  changeOf({ host: 'cp1', change: { verb: 'run', summary: 'load the kernel parameters' } }),
  changeOf({ host: 'w1', ...sysctl }),
  changeOf({ host: 'w2', ...sysctl }),
  ...['cp1', 'w1'].map((host) =>
    changeOf({
      host,
      task: 'containerd/config',
      title: 'Configure containerd',
      change: { verb: 'update', summary: '/etc/containerd/config.toml: content differs', diff: config },
    }),
  ),
  changeOf({
    host: 'w1',
    task: 'containerd/config',
    title: 'Configure containerd',
    change: { verb: 'restart', summary: 'restart containerd.service', impact: 'restart' },
  }),
  changeOf({
    phase: 'first-control-plane',
    task: 'control-plane/api-server',
    title: 'Place the static pods',
    change: { verb: 'update', summary: 'kube-apiserver', impact: 'api-outage' },
  }),
  changeOf({
    phase: 'first-control-plane',
    task: 'control-plane/ready',
    title: 'Wait for the API server',
    change: { verb: 'wait', summary: 'the API answers' },
  }),
  changeOf({
    host: 'w2',
    phase: 'workers',
    task: 'node/join',
    title: 'Join the cluster',
    change: { verb: 'delete', summary: 'remove /etc/old', impact: 'workload' },
  }),
])

test('a plan shows each change once with its hosts, by phase and task', () => {
  expect(planText(mixed, view)).toBe(`host
  Set kernel parameters host/sysctl
    + write /etc/sysctl.d/99-kubernetes.conf   cp1, w1, w2
    ! load the kernel parameters               cp1
  Configure containerd containerd/config
    ~ /etc/containerd/config.toml: content differs   cp1, w1
        @@ -1,2 +1,2 @@
         version = 3
        -root = "/old"
        +root = "/new"
    ! restart containerd.service                     w1   (restart)

first-control-plane
  Place the static pods control-plane/api-server
    ~ kube-apiserver   cp1   (API outage)
  Wait for the API server control-plane/ready
    … the API answers   cp1

workers
  Join the cluster node/join
    - remove /etc/old   w2   (interrupts workloads)

Plan: 3 to create, 3 to update, 1 to delete, 1 to restart, 1 to run on 3 hosts.`)
})

test('the content of new files is shown by --verbose only, and the plan says so', () => {
  const plan = planOf([changeOf({ change: { diff: '@@ -0,0 +1 @@\n+net.ipv4.ip_forward = 1' } })])
  expect(planText(plan, view)).toBe(`host
  Set kernel parameters host/sysctl
    + write /etc/a.conf   cp1

Plan: 1 to create, 0 to update, 0 to delete, 0 to restart on 1 host.
--verbose shows the content of new files.`)
  expect(planText(plan, { ...view, verbose: true })).toContain('        +net.ipv4.ip_forward = 1')
})

test('the same change with another diff on another host stays apart', () => {
  const text = planText(planOf([update('cp1', '-a\n+b'), update('w1', '-c\n+b')]), view)
  expect(text.match(/content differs/g)).toHaveLength(2)
})

test('a plan without changes is one sentence', () => {
  expect(planText(planOf([]), view)).toBe('No changes. The cluster is as the inventory says.')
})

test('waits are no changes', () => {
  const wait = changeOf({ change: { verb: 'wait', summary: 'all nodes are ready' } })
  expect(planSummary(planOf([wait]))).toBe('No changes, but 1 check has yet to pass; apply waits for that.')
})

test('colours mark signs, hosts and diffs, and change no text', () => {
  const coloured = planText(mixed, { style: styleOf(true), verbose: false })
  expect(coloured).toContain('\u001B[32m+\u001B[39m write /etc/sysctl.d/99-kubernetes.conf')
  expect(coloured).toContain('\u001B[31m-root = "/old"\u001B[39m')
  // oxlint-disable-next-line no-control-regex
  expect(coloured.replaceAll(/\u001B\[\d+m/g, '')).toBe(planText(mixed, view))
})

function update(host: string, diff: string) {
  return changeOf({ host, change: { verb: 'update', summary: '/etc/a.conf: content differs', diff } })
}
