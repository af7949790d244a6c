import { expect, test } from 'vitest'
import { programVersions } from '../../../src/artifacts/catalog.ts'
import { supportedMinors } from '../../../src/kubernetes/versions.ts'
import { kubernetesReleases, versions } from '../../lab/artifacts/versions.ts'

test('every supported minor has its programs, and the lab makes exactly these versions', () => {
  expect(supportedMinors.map((minor) => programVersions(`${minor}.0`).etcd)).toEqual(['3.6.8', '3.7.0'])
  for (const [kubernetes, { etcd }] of Object.entries(kubernetesReleases)) {
    const { containerd, runc, cniPlugins } = versions
    expect(programVersions(kubernetes)).toMatchObject({ containerd, runc, cniPlugins, etcd })
  }
})

test('an unsupported version is an error that names the supported ones', () => {
  expect(() => programVersions('1.20.0')).toThrow(/1\.36, 1\.37/)
})
