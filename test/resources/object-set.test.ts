import { expect, test } from 'vitest'
import { probePrelude } from '../../src/host/probe.ts'
import type { KubernetesObject } from '../../src/kubernetes/object.ts'
import { prunedObjects } from '../../src/resources/object-set.ts'
import { lines } from '../../src/transport/command.ts'
import { sandboxHost } from '../support/sandbox-host.ts'

const objectOf = (kind: string, name: string, namespace?: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
})
const set = prunedObjects('calico', [objectOf('ConfigMap', 'calico-config', 'kube-system')], {
  server: 'https://a:6443',
})
const after = (output: string) => set.compare(set.probe.parse(output))
const recorded = (...members: readonly string[]) => {
  const metadata = { name: 'kubewright-calico', namespace: 'kube-system' }
  const data = { objects: `${['v1 ConfigMap kube-system calico-config', ...members].join('\n')}\n` }
  return `up\nlive ${JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data })}\n`
}

test('what was applied is recorded, and nothing is to do when it is', () => {
  expect(after('absent\n')?.summary).toBe('record the objects of calico')
  expect(after('up\nlive \nwanted \n')?.verb).toBe('create')
  expect(after(recorded())).toBeUndefined()
  expect(after('unknown\n')?.summary).toBe('objects of calico: decided when the API is up')
})

test('a record that alone could not be read is unknown, not empty', () => {
  const [object = ''] = set.probe.words ?? []
  expect(after(`up\nfailed ${object}\nlive \n`)?.summary).toBe('objects of calico: decided when the API is up')
  expect(after('up\nfailed {"kind":"Installation"}\nlive \n')?.verb).toBe('create')
})

test('what the manifest has no longer is deleted by its name, before the record forgets it', () => {
  const change = after(recorded('apps/v1 Deployment kube-system calico-typha', 'v1 ClusterRole - old'))
  expect(change?.summary).toBe(
    'delete what the manifest of calico has no longer: Deployment kube-system/calico-typha, ClusterRole old',
  )
  expect(change?.actions.map(({ kind }) => kind)).toEqual(['run', 'run', 'apply'])
  const [deletion] = change?.actions ?? []
  expect(deletion?.kind === 'run' ? deletion.command.text : '').toContain(
    '{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"calico-typha","namespace":"kube-system"}}',
  )
})

test('definitions and namespaces stay, since what others made of them would go too', () => {
  const change = after(
    recorded('apiextensions.k8s.io/v1 CustomResourceDefinition - old.example.org', 'v1 Namespace - old'),
  )
  expect(change?.summary).toBe('record the objects of calico')
})

test('a record that could not be read is not written anew if that would forget what is obsolete', async () => {
  const change = after('unknown\n')
  expect(change?.actions.map(({ kind }) => kind)).toEqual(['run', 'apply'])
  const [look] = change?.actions ?? []
  if (look?.kind !== 'run') throw new Error('nothing is looked at')
  const host = sandboxHost()
  host.write('/usr/local/sbin/kubectl', '#!/bin/sh\ncat /fake/set\n', 0o755)
  const looking = lines(probePrelude, look.command)
  host.write('/fake/set', 'v1 ConfigMap kube-system calico-config\n')
  await host.run(looking)
  host.write('/fake/set', '')
  await host.run(looking)
  host.write('/fake/set', 'v1 ConfigMap kube-system calico-config\nv1 Service kube-system calico-typha\n')
  await expect(host.run(looking)).rejects.toThrow('run apply again for v1 Service kube-system calico-typha')
})
