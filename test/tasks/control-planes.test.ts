import { expect, test } from 'vitest'
import { certificates, kubeletServing } from '../../src/pki/certificates.ts'
import { certificateOptions } from '../../src/tasks/control-planes.ts'
import { clusterOf, contextOf } from '../support/facts.ts'

test("keys are of the inventory's algorithm, but the kubelet's, which makes its own of one kind", () => {
  const cluster = clusterOf()
  const context = contextOf({
    cluster: { ...cluster, certificates: { ...cluster.certificates, algorithm: 'RSA-3072' } },
  })
  const algorithms = certificates.map((row) => certificateOptions(context, row).algorithm)
  expect(new Set(algorithms)).toEqual(new Set(['RSA-3072']))
  expect(certificateOptions(context, kubeletServing).algorithm).toBe('ECDSA-P256')
})
