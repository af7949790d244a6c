import { beforeEach, expect, test } from 'vitest'
import { hostTime } from '../../../src/tasks/host/time.ts'
import { contextOf, factsOf } from '../../support/facts.ts'
import { applyTasks, listed, planTasks } from '../../support/run-task.ts'
import { sandboxHost, type SandboxHost } from '../../support/sandbox-host.ts'

let host: SandboxHost

beforeEach(() => {
  host = sandboxHost()
})

function hasService(unit: string, active: string, enabled: string): void {
  host.write(`/usr/lib/systemd/system/${unit}`, '[Service]\n')
  host.write(`/fake/units/${unit}/active`, active)
  host.write(`/fake/units/${unit}/enabled`, enabled)
}

async function summaries(context = contextOf()): Promise<readonly string[]> {
  return (await planTasks(host, hostTime, context)).changes.map(({ change }) => change.summary)
}

test('a service that keeps the time is left alone, whichever it is', async () => {
  hasService('systemd-timesyncd.service', 'inactive', 'disabled')
  hasService('ntpd.service', 'active', 'enabled')
  expect(await summaries()).toEqual([])
})

test('a service that is there but does not run is enabled', async () => {
  hasService('chrony.service', 'inactive', 'disabled')
  expect(await summaries()).toEqual(['enable chrony.service: nothing keeps the time'])
  await applyTasks(host, hostTime, contextOf())
  expect(host.read('/fake/units/chrony.service/active')).toBe('active\n')
  expect(await summaries()).toEqual([])
})

test('a service that would not come back after a reboot is enabled', async () => {
  hasService('systemd-timesyncd.service', 'active', 'disabled')
  expect(await summaries()).toEqual(['enable systemd-timesyncd.service: nothing keeps the time'])
})

test('without any service one is installed', async () => {
  host.write('/fake/packages/systemd-timesyncd', '/usr/lib/systemd/system/systemd-timesyncd.service\n')
  host.write('/fake/packages.current', 'systemd-timesyncd\n')
  expect(await summaries()).toEqual(['install and enable systemd-timesyncd: nothing keeps the time'])
  await applyTasks(host, hostTime, contextOf())
  expect(host.read('/fake/units/systemd-timesyncd.service/enabled')).toBe('enabled\n')
  expect(listed(await planTasks(host, hostTime, contextOf()))).toEqual([])
})

test('a container has the time of its machine, so nothing is to be done', async () => {
  host.write('/fake/container', '')
  expect(await summaries()).toEqual([])
})

test('a masked service is not forced upon the host', async () => {
  host.link('/etc/systemd/system/chrony.service', '/dev/null')
  expect(await summaries()).toEqual(['install and enable systemd-timesyncd: nothing keeps the time'])
})

test('without a known package manager a host whose time nobody keeps is a finding', async () => {
  const { findings } = await planTasks(host, hostTime, contextOf({ facts: factsOf({ packageManager: undefined }) }))
  expect(findings.map(({ finding }) => finding.check)).toEqual(['TimeService'])
})
