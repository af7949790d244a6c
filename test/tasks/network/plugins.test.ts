import { expect, test } from 'vitest'
import { probePrelude } from '../../../src/host/probe.ts'
import { networkPlugins } from '../../../src/tasks/network/plugins.ts'
import { lines } from '../../../src/transport/command.ts'
import { clusterOf, contextOf, hostOf, workerOf } from '../../support/facts.ts'
import { planTasks } from '../../support/run-task.ts'
import { flyingTime, sandboxHost } from '../../support/sandbox-host.ts'

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

test('a pod that does not become ready is waited for by the clock, since its host is locked as long', async () => {
  const host = sandboxHost()
  host.write('/var/lib/kubelet/pods/1/containers/kube-flannel/x', '')
  flyingTime(host)
  host.write(
    '/usr/local/sbin/kubectl',
    '#!/bin/sh\necho "$*" >>/fake/asked\ncase "$*" in *wait*) exit 1 ;; esac\n',
    0o755,
  )
  const [change] = (await planTasks(host, networkPlugins, context)).changes
  const [action] = change?.change.actions ?? []
  if (action?.kind !== 'run') throw new Error('nothing is run')
  await expect(host.run(lines(probePrelude, action.command))).rejects.toThrow('of Flannel on w1 does not become ready')
  expect(host.read('/fake/asked')?.match(/wait pods/g)).toHaveLength(8)
})

test('of a network of your own nothing is known', async () => {
  const own = contextOf({ cluster: clusterOf({ cni: { name: 'none' } }) })
  expect((await planTasks(sandboxHost(), networkPlugins, own)).changes).toEqual([])
})
