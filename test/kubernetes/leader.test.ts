import { expect, test } from 'vitest'
import { leaderOf, leadingEtcdHost } from '../../src/kubernetes/leader.ts'
import type { ObservedControlPlane } from '../../src/kubernetes/observed.ts'
import { observedOf } from '../support/facts.ts'

function bare(host: string): ObservedControlPlane {
  return {
    host,
    hasEtcdData: false,
    apiServer: 'absent',
    etcdElsewhere: [],
    hasSuperAdmin: false,
    ledAt: 0,
    etcdMembers: undefined,
  }
}

function living(host: string, ledAt = 0): ObservedControlPlane {
  return { ...bare(host), hasEtcdData: true, apiServer: 'up', ledAt }
}

function leading(...controlPlanes: readonly ObservedControlPlane[]): string {
  return leaderOf(['cp1', 'cp2', 'cp3'], observedOf({ controlPlanes }))
}

test('a new cluster begins on the first control plane of the inventory', () => {
  expect(leading(bare('cp1'), bare('cp2'), bare('cp3'))).toBe('cp1')
  expect(leading()).toBe('cp1')
})

test('of several that live the first leads, unless another one led last', () => {
  expect(leading(living('cp1'), living('cp2'), living('cp3'))).toBe('cp1')
  expect(leading(living('cp1', 100), living('cp2', 200), living('cp3'))).toBe('cp2')
})

test('a first control plane that was made anew follows one that lives', () => {
  expect(leading(bare('cp1'), living('cp2'), living('cp3'))).toBe('cp2')
})

test('a learner of a run that was cut off does not lead', () => {
  const learner = { ...bare('cp1'), hasEtcdData: true }
  expect(leading(learner, { ...living('cp2'), apiServer: 'silent' }, bare('cp3'))).toBe('cp2')
})

test('with an etcd elsewhere, whoever has an API server comes before those who have none', () => {
  const silent = { ...bare('cp2'), apiServer: 'silent', etcdElsewhere: ['https://10.89.5.31:2379'] } as const
  expect(leading(bare('cp1'), silent, bare('cp3'))).toBe('cp2')
})

test('whoever is not in the inventory any more does not lead', () => {
  expect(leaderOf(['cp2'], observedOf({ controlPlanes: [living('cp1'), bare('cp2')] }))).toBe('cp2')
})

test('of the hosts of etcd the others join one that answers, else one with data, else the first', () => {
  const empty = { hasEtcdData: false, etcdMembers: undefined }
  const silent = { hasEtcdData: true, etcdMembers: undefined }
  const answering = { hasEtcdData: true, etcdMembers: [] }
  const first = (...states: readonly (typeof silent | typeof answering)[]): string => {
    const etcdHosts = states.map((state, index) => ({ host: `e${index + 1}`, ...state }))
    return leadingEtcdHost(['e1', 'e2', 'e3'], observedOf({ etcdHosts }))
  }
  expect(first(empty, empty, empty)).toBe('e1')
  expect(first(empty, silent, empty)).toBe('e2')
  expect(first(silent, silent, answering)).toBe('e3')
  expect(first()).toBe('e1')
})
