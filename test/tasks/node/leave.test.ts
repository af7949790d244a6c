import { beforeEach, describe, expect, test } from 'vitest'
import type { Leaving } from '../../../src/tasks/context.ts'
import { nodeDelete, nodeDrain, nodeLeaveCheck } from '../../../src/tasks/node/leave.ts'
import { clusterOf, contextOf, factsOf, hostOf, nodeOf, observedOf } from '../../support/facts.ts'
import { applyTasks, listed, planTasks } from '../../support/run-task.ts'
import { sandboxHost, type SandboxHost } from '../../support/sandbox-host.ts'

/** Answers by our columns from files of /fake/api; a drain takes away what /fake/api/kept does not name. */
const kubectl = `#!/bin/sh
while [ $# -gt 0 ]; do case $1 in --kubeconfig | --server | --cache-dir) shift 2 ;; *) break ;; esac; done
echo "$*" >>/fake/api/asked
case "$*" in
  *'get nodes '*) cat /fake/api/node ;;
  *'get pods '*) cat /fake/api/pods ;;
  *'get poddisruptionbudgets '*) cat /fake/api/budgets ;;
  'get node '*) cut -c 1-4 /fake/api/node ;;
  'cordon '*) printf 'node\\ttrue\\n' >/fake/api/node ;;
  'uncordon '*) printf 'node\\t\\n' >/fake/api/node ;;
  'delete node '*) : >/fake/api/node ;;
  *--dry-run*) echo 'error when evicting: kept' ;;
  'drain '*)
    touch /fake/api/kept
    grep -F -f /fake/api/kept /fake/api/pods >/fake/api/left
    mv /fake/api/left /fake/api/pods ;;
esac
exit 0
`
const facts = factsOf({ hostname: 'cp1' })
const pod = (name: string, { kind = 'ReplicaSet', emptyDir = '', deleted = '' } = {}): string =>
  `pod\tdefault\t${name}\t{"app":"web"}\t${kind}\t\tRunning\t${deleted}\t${emptyDir}\n`
const budget = 'budget\tdefault\tweb\t{"matchLabels":{"app":"web"}}\t0\t2\t2\n'

function context(leaving: Partial<Leaving> = {}, drain: Partial<Leaving['drain']> = {}) {
  const whole: Leaving = {
    name: 'w1',
    controlPlane: false,
    runsEtcd: false,
    reached: true,
    nodeIPs: ['10.89.5.21'],
    successorIP: undefined,
    joinsEtcd: false,
    hasMember: true,
    hasNode: true,
    drain: { force: false, deleteEmptyDirData: false, timeout: 0, uncordonOnFailure: false, ...drain },
    ...leaving,
  }
  const observed = observedOf({ nodes: [nodeOf('cp1'), nodeOf('w1')] })
  const cluster = clusterOf({ hosts: [hostOf()] })
  return contextOf({ cluster, host: cluster.hosts[0]!, facts, observed, nodes: { joining: [], leaving: whole } })
}

let host: SandboxHost

beforeEach(() => {
  host = sandboxHost({ name: 'cp1' })
  host.write('/etc/kubernetes/admin.conf', 'kubeconfig')
  host.write('/usr/bin/kubectl', kubectl, 0o755)
  host.write('/fake/api/node', 'node\t\n')
  host.write('/fake/api/budgets', '')
  host.write('/fake/api/pods', pod('web-1') + pod('flannel', { kind: 'DaemonSet' }))
})

describe('a node that is drained', () => {
  test('is cordoned, and its pods are asked to go by the eviction API', async () => {
    expect(listed(await planTasks(host, nodeDrain, context()))).toEqual(['update cordoned:w1', 'run drained:w1'])
    await applyTasks(host, nodeDrain, context())
    expect(host.read('/fake/api/asked')).toMatch(
      /^cordon w1\n(?:--request-timeout.*\n)*drain w1 --ignore-daemonsets --timeout=1s$/m,
    )
    expect(listed(await planTasks(host, nodeDrain, context()))).toEqual([])
  })

  test('stays cordoned when the time is up, and pod and budget are named', async () => {
    host.write('/fake/api/kept', 'web-1')
    host.write('/fake/api/budgets', budget)
    await expect(applyTasks(host, nodeDrain, context())).rejects.toMatchObject({
      details: {
        code: 'KW3001',
        message: expect.stringContaining('default/web-1 (kept by the PodDisruptionBudget default/web'),
        hint: expect.stringContaining('w1 stays cordoned'),
      },
    })
    expect(host.read('/fake/api/node')).toBe('node\ttrue\n')
  })

  test('takes pods again where that is wanted', async () => {
    host.write('/fake/api/kept', 'web-1')
    const attempt = applyTasks(host, nodeDrain, context({}, { uncordonOnFailure: true }))
    await expect(attempt).rejects.toMatchObject({ details: { hint: expect.stringContaining('w1 takes pods again') } })
    expect(host.read('/fake/api/node')).toBe('node\t\n')
  })

  test('is asked again until its pods are gone', async () => {
    host.write('/fake/api/kept', 'web-1')
    const applying = applyTasks(host, nodeDrain, context({}, { timeout: 30 }))
    setTimeout(() => host.remove('/fake/api/kept'), 1000)
    await applying
    expect(host.read('/fake/api/asked')?.match(/^drain /gm)?.length).toBeGreaterThan(1)
  })

  test('is not there any more when a run continues', async () => {
    host.write('/fake/api/node', '')
    expect(listed(await planTasks(host, [nodeDrain, nodeDelete], context()))).toEqual([])
  })
})

async function checks(drain: Partial<Leaving['drain']> = {}): Promise<readonly string[]> {
  const { findings } = await planTasks(host, nodeDrain, context({}, drain))
  return findings.map(({ finding }) => `${finding.severity} ${finding.check}: ${finding.message}`)
}

describe('what a drain would lose is said before', () => {
  test('bare pods want --force', async () => {
    host.write('/fake/api/pods', pod('web-1') + pod('alone', { kind: '' }))
    const told = 'BarePods: default/alone on w1 would be gone for good: nobody makes them again elsewhere'
    expect(await checks()).toEqual([`error ${told}`])
    expect(await checks({ force: true })).toEqual([`warning ${told}`])
  })

  test('pods that are ending already are only waited for', async () => {
    host.write('/fake/api/pods', pod('alone', { kind: '', emptyDir: '{}', deleted: '2026-11-21T16:00:00Z' }))
    expect(await checks()).toEqual([])
    expect(listed(await planTasks(host, nodeDrain, context()))).toContain('run drained:w1')
  })

  test('data in emptyDir volumes wants --delete-emptydir-data', async () => {
    host.write('/fake/api/pods', pod('cache', { emptyDir: '{}' }))
    const told = 'EmptyDirPods: default/cache on w1 would lose what they keep in emptyDir volumes'
    expect(await checks()).toEqual([`error ${told}`])
    expect(await checks({ deleteEmptyDirData: true })).toEqual([`warning ${told}`])
  })
})

describe('a node whose host is dead', () => {
  const dead = { reached: false } as const

  test('is not drained, and leaves the API', async () => {
    expect(listed(await planTasks(host, [nodeDrain, nodeDelete], context(dead)))).toEqual(['delete without-node:w1'])
    await applyTasks(host, nodeDelete, context(dead))
    expect(host.read('/fake/api/node')).toBe('')
  })

  test('is not believed to be while it is Ready, and nobody cleans it', async () => {
    const { findings } = await planTasks(host, nodeLeaveCheck, context(dead))
    expect(findings.map(({ finding }) => [finding.severity, finding.check])).toEqual([
      ['error', 'NodeLives'],
      ['warning', 'NotCleaned'],
    ])
  })
})

describe('a host that takes its own place', () => {
  const operation = { id: 'op-0', inventory: '', program: '', startedBy: '', startedAt: '' }

  /** What is said when it holds this, and an operation of this playbook was cut off there. */
  async function told(holds: Partial<Leaving>, playbook?: string) {
    const whole = context({ controlPlane: true, runsEtcd: true, reached: false, ...holds })
    const state = playbook === undefined ? {} : { state: { operation: { ...operation, playbook } } }
    const fleet = new Map([
      ...whole.fleet,
      ['w1', factsOf({ hostname: 'w1', nodeIP: '10.89.5.21', ...state })] as const,
    ])
    const nodes = { joining: ['w1'], leaving: whole.nodes?.leaving }
    const { findings } = await planTasks(host, nodeLeaveCheck, { ...whole, nodes, fleet })
    return findings.map(({ finding }) => finding)
  }

  test('is refused while it lives, with the commands that make it anew', async () => {
    expect(await told({ hasMember: false, hasNode: false })).toEqual([
      {
        check: 'NotNew',
        severity: 'error',
        message:
          "w1 holds etcd's data and the kubelet's certificate: it lives, and only a host with an empty disk takes its own place",
        hint: 'To begin anew with a host that lives: kubewright node remove w1 --keep-inventory, then kubewright node add w1. What is damaged on it is repaired by kubewright apply.',
      },
    ])
    expect(await told({ controlPlane: false, runsEtcd: false, hasNode: false })).toMatchObject([{ severity: 'error' }])
  })

  test.each(['node-replace', 'node-add'])('goes on after a run of %s that was cut off', async (playbook) => {
    expect(await told({ hasMember: false, hasNode: false }, playbook)).toMatchObject([{ severity: 'warning' }])
  })

  test('is refused whatever was cut off on another host', async () => {
    const whole = context({ controlPlane: true, runsEtcd: true, reached: false, hasMember: false, hasNode: false })
    const facts = factsOf({ state: { operation: { ...operation, playbook: 'node-add' } } })
    const nodes = { joining: ['w1'], leaving: whole.nodes?.leaving }
    const { findings } = await planTasks(host, nodeLeaveCheck, { ...whole, nodes, facts })
    expect(findings.map(({ finding }) => finding)).toMatchObject([{ check: 'NotNew', severity: 'error' }])
  })

  test('keeps what is left of it, where it has lost one of its disks', async () => {
    expect(await told({ hasNode: false })).toMatchObject([{ check: 'NotNew', severity: 'warning' }])
    expect(await told({ hasMember: false })).toMatchObject([{ check: 'NotNew', severity: 'warning' }])
  })

  test('is welcome when it is bare', async () => {
    expect(await told({})).toEqual([])
  })
})

test('a node that its host has joined again stays', async () => {
  const joined = { ...context({ hasNode: false, reached: false }), deep: false }
  expect(listed(await planTasks(host, [nodeDrain, nodeDelete], joined))).toEqual([])
})
