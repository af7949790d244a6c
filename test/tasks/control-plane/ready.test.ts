import { expect, test } from 'vitest'
import type { Observed, ObservedControlPlane } from '../../../src/kubernetes/observed.ts'
import { controlPlaneReady } from '../../../src/tasks/control-plane/ready.ts'
import { contextOf, nodeOf, observedOf } from '../../support/facts.ts'

const other = nodeOf('cp9')

function ids(observed: Partial<Observed>): readonly string[] {
  return controlPlaneReady.resources(contextOf({ observed: observedOf(observed) })).map(({ id }) => id)
}

function cp1(apiServer: ObservedControlPlane['apiServer']): ObservedControlPlane {
  return {
    host: 'cp1',
    hasEtcdData: true,
    apiServer,
    etcdElsewhere: [],
    hasSuperAdmin: true,
    ledAt: 0,
    etcdMembers: undefined,
  }
}

const both = ['gate:api-server', 'kubelet-contact']

test('the kubelet of a host without an API server is in touch with it once it is there', () => {
  expect(ids({})).toEqual(both)
  expect(ids({ api: 'up', nodes: [other], controlPlanes: [cp1('absent')] })).toEqual(both)
})

test('a run that was stopped before the node was registered goes on with that', () => {
  expect(ids({ api: 'up', nodes: [other], controlPlanes: [cp1('up')] })).toEqual(both)
})

test('the kubelet of a node that the API knows, or would know if it answered, is left alone', () => {
  expect(ids({ api: 'up', nodes: [nodeOf('cp1')], controlPlanes: [cp1('up')] })).toEqual([both[0]])
  expect(ids({ api: 'unknown', nodes: [], controlPlanes: [cp1('silent')] })).toEqual([both[0]])
})
