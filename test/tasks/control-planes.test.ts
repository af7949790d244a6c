import { expect, test } from 'vitest'
import { certificates, kubeletServing } from '../../src/pki/certificates.ts'
import { certificateOptions, snapshotKeeper } from '../../src/tasks/control-planes.ts'
import { clusterOf, contextOf, factsOf, hostOf, observedOf } from '../support/facts.ts'

test("keys are of the inventory's algorithm, but the kubelet's, which makes its own of one kind", () => {
  const cluster = clusterOf()
  const context = contextOf({
    cluster: { ...cluster, certificates: { ...cluster.certificates, algorithm: 'RSA-3072' } },
  })
  const algorithms = certificates.map((row) => certificateOptions(context, row).algorithm)
  expect(new Set(algorithms)).toEqual(new Set(['RSA-3072']))
  expect(certificateOptions(context, kubeletServing).algorithm).toBe('ECDSA-P256')
})

test('a snapshot of etcd is kept where others join it, or where the members are known if they are not known there', () => {
  const hosts = ['cp1', 'cp2', 'cp3'].map((name) => hostOf({ name }))
  const keeper = (...telling: readonly string[]) => {
    const controlPlanes = hosts.map(({ name }) => ({
      host: name,
      hasEtcdData: true,
      apiServer: 'up' as const,
      etcdElsewhere: [],
      hasSuperAdmin: false,
      ledAt: 0,
      etcdMembers: telling.includes(name) ? [] : undefined,
    }))
    const fleet = new Map(hosts.map(({ name }) => [name, factsOf({ hostname: name })]))
    const context = contextOf({ cluster: clusterOf({ hosts }), fleet, observed: observedOf({ controlPlanes }) })
    return snapshotKeeper(context, { destroys: false })
  }
  expect(keeper('cp1', 'cp2')).toBe('cp1')
  expect(keeper('cp2', 'cp3')).toBe('cp2')
  expect(keeper()).toBe('cp1')
})
