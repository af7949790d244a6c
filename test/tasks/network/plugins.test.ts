import { expect, test } from 'vitest'
import { networkPlugins } from '../../../src/tasks/network/plugins.ts'
import { clusterOf, contextOf, hostOf, workerOf } from '../../support/facts.ts'
import { planTasks } from '../../support/run-task.ts'
import { sandboxHost } from '../../support/sandbox-host.ts'

const worker = workerOf('w1', '10.89.5.12')
const context = contextOf({ host: worker, cluster: clusterOf({ hosts: [hostOf(), worker] }) })
const conflist = '/etc/cni/net.d/10-flannel.conflist'

test('on a host that the network has not reached yet there is nothing to repair', async () => {
  expect((await planTasks(sandboxHost(), networkPlugins, context)).changes).toEqual([])
})

test('a plugin that somebody deleted is installed again by a new pod of that host', async () => {
  const host = sandboxHost()
  host.write('/var/lib/kubelet/pods/1/containers/kube-flannel/x', '')
  host.write('/opt/cni/bin/flannel', '', 0o755)
  host.write(conflist, '{}')
  expect((await planTasks(host, networkPlugins, context)).changes).toEqual([])
  host.remove('/opt/cni/bin/flannel')
  const [change] = (await planTasks(host, networkPlugins, context)).changes
  expect(change?.change.summary).toBe('replace the pod of Flannel, which installs /opt/cni/bin/flannel')
  const [action] = change?.change.actions ?? []
  expect(action?.host).toBe('cp1')
  expect(action?.kind === 'run' ? action.command.text : '').toContain('--field-selector spec.nodeName=w1')
})

test('of a network of your own nothing is known', async () => {
  const own = contextOf({ cluster: clusterOf({ cni: { name: 'none' } }) })
  expect((await planTasks(sandboxHost(), networkPlugins, own)).changes).toEqual([])
})
