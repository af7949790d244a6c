import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { intentionOf, type NodeRequest } from '../../../src/cli/nodes/intention.ts'
import { reachFor } from '../../../src/cli/nodes/reach.ts'
import type { KubewrightErrors } from '../../../src/engine/errors.ts'
import { startSshd } from '../../support/sshd.ts'
import { workplace } from '../support.ts'

const drain = { force: false, deleteEmptyDirData: false, timeout: 300, uncordonOnFailure: false }

/** Codes and hints, by host, of a run that gets nowhere: cp1 has an sshd whose key nobody knows, cp2 has none. */
async function failures(request: Partial<NodeRequest>): Promise<ReadonlyMap<string, string>> {
  const sshd = await startSshd()
  onTestFinished(async () => sshd.close())
  const directory = await workplace(`apiVersion: kubewright/v1alpha1
kind: Cluster
metadata: { name: demo }
spec:
  kubernetesVersion: '1.37.1'
  controlPlaneEndpoint: { provider: node-local }
  ssh: { knownHostsFile: ./known_hosts }
  hosts:
    - { name: cp1, address: 127.0.0.1, nodeIP: 192.0.2.11, roles: [control-plane], ssh: { port: ${sshd.port} } }
    - { name: cp2, address: 127.0.0.1, nodeIP: 192.0.2.12, roles: [control-plane], ssh: { port: 1 } }
`)
  const whole = { kind: 'replace', name: 'cp1', offline: false, drain, ...request } as const
  const intention = await intentionOf(join(directory, 'inventory.yaml'), whole)
  const reaching = reachFor(intention, { emit: () => undefined, abort: new AbortController().signal })
  const { errors } = await reaching.then(
    () => Promise.reject(new Error('the hosts were reached')),
    (thrown: unknown) => thrown as KubewrightErrors,
  )
  return new Map(errors.map(({ details: { host = '', code, hint } }) => [host, `${code} ${hint}`]))
}

test('the key of a new host is made known by a command that names the place that it takes', async () => {
  const told = await failures({ with: { name: 'cp4', address: 'localhost' }, offline: true })
  expect(told.get('cp4')).toMatch(/^KW2002 Compare .*, then run `kubewright trust cp1 --with cp4=localhost`\.$/)
})

test('the key of a host that the inventory has is made known as always', async () => {
  expect((await failures({})).get('cp1')).toMatch(/^KW2002 Compare .*, then run `kubewright trust`\.$/)
})

test('a host that goes and is not reached may be dead', async () => {
  const told = await failures({ kind: 'remove', name: 'cp2' })
  expect(told.get('cp2')).toMatch(/^KW2001 .*add --offline/)
})

test('where no control plane that stays answers, that is said beside why', async () => {
  const told = await failures({ offline: true })
  expect(told.get('')).toMatch(/^KW5022 /)
  expect(told.get('cp2')).toMatch(/^KW2001 /)
})
