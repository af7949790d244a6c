import { beforeEach, expect, test } from 'vitest'
import { hostSelinux } from '../../../src/tasks/host/selinux.ts'
import { contextOf, factsOf, hostOf } from '../../support/facts.ts'
import { applyTasks, listed, planTasks } from '../../support/run-task.ts'
import { sandboxHost, type SandboxHost } from '../../support/sandbox-host.ts'

const facts = factsOf({ selinux: 'enforcing' })
const asked = contextOf({ host: hostOf({ selinux: 'permissive' }), facts })
let host: SandboxHost

beforeEach(() => {
  host = sandboxHost()
  host.write('/fake/selinux', 'Enforcing\n')
  host.write('/etc/selinux/config', '# SELINUX=enforcing is the default\nSELINUX=enforcing\nSELINUXTYPE=targeted\n')
})

test('SELinux becomes permissive on request, now and at boot', async () => {
  expect(listed(await planTasks(host, hostSelinux, asked))).toEqual([
    'update edit:/etc/selinux/config',
    'run selinux:mode',
  ])
  await applyTasks(host, hostSelinux, asked)
  expect(host.read('/fake/selinux')).toBe('Permissive\n')
  expect(host.read('/etc/selinux/config')).toBe(
    '# SELINUX=enforcing is the default\nSELINUX=permissive\nSELINUXTYPE=targeted\n',
  )
  expect(listed(await planTasks(host, hostSelinux, asked))).toEqual([])
})

test('SELinux that enforces again is found', async () => {
  await applyTasks(host, hostSelinux, asked)
  host.write('/fake/selinux', 'Enforcing\n')
  expect(listed(await planTasks(host, hostSelinux, asked))).toEqual(['run selinux:mode'])
})

test('SELinux stays as it is unless the inventory says otherwise', async () => {
  expect(listed(await planTasks(host, hostSelinux, contextOf({ facts })))).toEqual([])
})
