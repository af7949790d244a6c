import { beforeEach, expect, test } from 'vitest'
import { hostNames } from '../../../src/tasks/host/names.ts'
import { clusterOf, contextOf, factsOf, hostOf, workerOf } from '../../support/facts.ts'
import { applyTasks, listed, planTasks } from '../../support/run-task.ts'
import { sandboxHost, type SandboxHost } from '../../support/sandbox-host.ts'

const controlPlaneEndpoint = { address: 'api.lab', port: 6443, provider: 'external', explicit: true } as const
const named = contextOf({ cluster: clusterOf({ controlPlaneEndpoint }) })
let host: SandboxHost

beforeEach(() => {
  host = sandboxHost()
})

test('names that do not resolve stand between two markers, and what else is in the file stays', async () => {
  host.write('/etc/hosts', '127.0.0.1 localhost')
  const plan = await planTasks(host, hostNames, named)
  expect(plan.changes.map(({ change }) => change.summary)).toEqual(['edit /etc/hosts: resolve cp1, api.lab'])
  await applyTasks(host, hostNames, named)
  const text = '127.0.0.1 localhost\n# BEGIN kubewright\n10.89.5.11 cp1\n10.89.5.11 api.lab\n# END kubewright\n'
  expect(host.read('/etc/hosts')).toBe(text)
  host.write('/etc/hosts', `${text}10.0.0.9 mine\n`)
  expect(listed(await planTasks(host, hostNames, named))).toEqual([])
})

test('names that resolve otherwise need no entry', async () => {
  host.write('/etc/hosts', '127.0.1.1 cp1\n')
  host.write('/fake/dns', '10.89.5.200 api.lab\n')
  expect(listed(await planTasks(host, hostNames, named))).toEqual([])
})

test('an entry that is no longer wanted goes, and one with an old address is corrected', async () => {
  await applyTasks(host, hostNames, named)
  const moved = contextOf({ facts: factsOf({ nodeIP: '10.89.5.99' }) })
  await applyTasks(host, hostNames, moved)
  expect(host.read('/etc/hosts')).toBe('127.0.0.1 localhost\n# BEGIN kubewright\n10.89.5.99 cp1\n# END kubewright\n')
})

test('with several control planes the name of the API is not pinned to one of them', async () => {
  const hosts = [hostOf(), hostOf({ name: 'cp2' }), workerOf('w1', '10.89.5.21')]
  const context = contextOf({ cluster: clusterOf({ controlPlaneEndpoint, hosts }) })
  const [change] = (await planTasks(host, hostNames, context)).changes
  expect(change?.change.summary).toBe('edit /etc/hosts: resolve cp1')
})
