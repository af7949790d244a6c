import { expect, test } from 'vitest'
import { controlPlaneLabel, markPatch, nodeMarks } from '../../src/kubernetes/node-marks.ts'
import { controlPlane, worker } from './scenarios.ts'

const taint = { key: controlPlaneLabel, effect: 'NoSchedule' }
const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule', timeAdded: '2030-01-02T03:04:05Z' }
const marks = nodeMarks(controlPlane)
const labelled = { labels: { ...marks.labels, other: 'x' } }

test('a worker is marked with the labels and taints of the inventory only', () => {
  expect(nodeMarks({ ...worker, labels: { rack: 'a' } })).toEqual({ labels: { rack: 'a' }, taints: [] })
})

test('a node that has its marks is left alone, whatever else it has', () => {
  expect(markPatch({ metadata: labelled, spec: { taints: [notReady, taint] } }, marks)).toBeUndefined()
})

test('taints of others stay when one is added', () => {
  expect(markPatch({ metadata: labelled, spec: { taints: [notReady] } }, marks)).toEqual({
    spec: { taints: [taint, notReady] },
  })
})

test('only labels that are missing or other are set', () => {
  const { [controlPlaneLabel]: _missing, ...labels } = labelled.labels as Record<string, string>
  expect(markPatch({ metadata: { labels }, spec: { taints: [taint] } }, marks)).toEqual({
    metadata: { labels: { [controlPlaneLabel]: '' } },
  })
  expect(markPatch({ metadata: {}, spec: {} }, nodeMarks(worker))).toBeUndefined()
})

test("the taint of a control plane goes when the inventory does not want it, others' taints stay", () => {
  const untainted = nodeMarks({ ...controlPlane, taints: [] })
  expect(markPatch({ metadata: labelled, spec: { taints: [taint, notReady] } }, untainted)).toEqual({
    spec: { taints: [notReady] },
  })
})

test('a taint with another value is replaced', () => {
  const wanted = nodeMarks({ ...worker, taints: [{ key: 'gpu', value: 'b', effect: 'NoSchedule' }] })
  const current = { key: 'gpu', value: 'a', effect: 'NoSchedule' }
  expect(markPatch({ metadata: {}, spec: { taints: [current] } }, wanted)).toEqual({
    spec: { taints: [{ key: 'gpu', value: 'b', effect: 'NoSchedule' }] },
  })
})
