import { describe, expect, test } from 'vitest'
import { covers, delayOf, leavingPods, parseNodePods, type NodePods } from '../../src/kubernetes/evictions.ts'

/** Lines as kubectl prints them by our columns. */
const lines = {
  node: 'node\ttrue',
  web: 'pod\tdefault\tweb-1\t{"app":"web"}\tReplicaSet\t\tRunning\t\t',
  ending: 'pod\tdefault\tweb-2\t{"app":"web"}\tReplicaSet\t\tRunning\t2026-11-21T12:00:00Z\t',
  bare: 'pod\tdefault\tbare\t\t\t\tRunning\t\t',
  cache: 'pod\tdefault\tcache\t{"app":"cache"}\tStatefulSet\t\tRunning\t\t{}',
  proxy: 'pod\tkube-system\tkube-proxy-x\t{}\tDaemonSet\t\tRunning\t\t',
  mirror: 'pod\tkube-system\thaproxy-w1\t{}\tNode\t0af1\tRunning\t\t',
  done: 'pod\tdefault\tonce\t{}\tJob\t\tSucceeded\t\t',
  check: 'pod\tkubewright-check-1a2b\tn0\t{}\t\t\tRunning\t\t',
  living: 'namespace\tdefault\t',
  going: 'namespace\tkubewright-check-1a2b\t2026-11-21T12:00:00Z',
  budget: 'budget\tdefault\tweb\t{"matchLabels":{"app":"web"}}\t0\t2\t2',
} as const

function parsed(...names: readonly (keyof typeof lines)[]): NodePods {
  const found = parseNodePods([...names.map((name) => lines[name]), 'complete', ''].join('\n'))
  if (found === undefined) throw new Error('nothing was read')
  return found
}

test('what is not complete is not known', () => {
  expect(parseNodePods('')).toBeUndefined()
  expect(parseNodePods(lines.web)).toBeUndefined()
})

test('a node that the API does not have has no pods to leave', () => {
  expect(parsed()).toEqual({ node: undefined, pods: [], budgets: [] })
  expect(parsed('node').node).toEqual({ unschedulable: true })
})

test('pods of the node itself, and those that have ended, do not leave', () => {
  const leaving = leavingPods(parsed('node', 'web', 'proxy', 'mirror', 'done', 'bare'))
  expect(leaving.map(({ name }) => name)).toEqual(['default/web-1', 'default/bare'])
})

test('a bare pod has no controller, and a pod with an emptyDir volume says so', () => {
  const [bare, cache] = parsed('bare', 'cache').pods
  expect(bare).toMatchObject({ controller: undefined, emptyDir: false })
  expect(cache).toMatchObject({ controller: 'StatefulSet', emptyDir: true })
})

test('a pod of a namespace that was deleted is ending, though nobody has told the pod yet', () => {
  const { pods } = parsed('living', 'going', 'bare', 'check', 'ending')
  expect(pods.map(({ name, terminating }) => [name, terminating])).toEqual([
    ['default/bare', false],
    ['kubewright-check-1a2b/n0', true],
    ['default/web-2', true],
  ])
})

test('what keeps a pod is named', () => {
  const { pods, budgets } = parsed('web', 'ending', 'cache', 'budget')
  expect(pods.map((pod) => delayOf(pod, budgets))).toEqual([
    'default/web-1 (kept by the PodDisruptionBudget default/web: 2 healthy, 2 needed)',
    'default/web-2 (is ending)',
    'default/cache',
  ])
})

describe('a budget covers', () => {
  const [web] = parsed('web').pods
  const budget = (selector: unknown, namespace = 'default') =>
    covers({ name: 'b', namespace, selector, allowed: 0, healthy: 0, needed: 0 }, web!)

  test('pods of its namespace alone', () => {
    expect(budget({}, 'default')).toBe(true)
    expect(budget({}, 'other')).toBe(false)
  })

  test('no pod without a selector', () => expect(budget(undefined)).toBe(false))

  test.each([
    ['In', ['web'], true],
    ['In', ['db'], false],
    ['NotIn', ['db'], true],
    ['NotIn', ['web'], false],
    ['Exists', undefined, true],
    ['DoesNotExist', undefined, false],
    ['Gt', undefined, false],
  ])('by %s %s: %s', (operator, values, expected) => {
    expect(budget({ matchExpressions: [{ key: 'app', operator, values }] })).toBe(expected)
  })

  test('by all of its terms', () => {
    const matchExpressions = [{ key: 'app', operator: 'Exists' }]
    expect(budget({ matchLabels: { app: 'web' }, matchExpressions })).toBe(true)
    expect(budget({ matchLabels: { app: 'db' }, matchExpressions })).toBe(false)
  })
})
