import { expect, test } from 'vitest'
import { service, type ServiceState } from '../../src/resources/service.ts'

const kubelet = service('kubelet.service', { inputs: [] })

/** What the probe prints on a host whose unit was started at 05:02:00 UTC and was never stamped. */
function found(newest: string): ServiceState {
  return kubelet.probe.parse(`ActiveState=active
UnitFileState=enabled
InvocationID=0123456789abcdef
NeedDaemonReload=no
ActiveEnterTimestamp=Sat 2026-11-21 05:02:00 UTC
Stamp=
Hash=none
Newest=${newest}`)
}

test('the start of a unit is read as every systemd prints it, in UTC', () => {
  expect(kubelet.probe.script.text).toMatch(/^TZ=UTC0 systemctl show /)
  expect(kubelet.probe.script.text).not.toContain('--timestamp') // systemd 249 of Ubuntu 22.04 does not know `unix`
  expect(found('0').startedAt).toBe(Date.UTC(2026, 10, 21, 5, 2, 0) / 1000)
})

test('without a stamp the newest input decides', () => {
  const started = Date.UTC(2026, 10, 21, 5, 2, 0) / 1000
  expect(kubelet.compare(found(String(started)))).toBeUndefined()
  expect(kubelet.compare(found(String(started + 1)))).toMatchObject({ verb: 'restart' })
})

test('a unit that was never started has no time of start', () => {
  expect(kubelet.probe.parse('ActiveState=inactive\nActiveEnterTimestamp=').startedAt).toBe(0)
  expect(kubelet.probe.parse('ActiveState=inactive\nActiveEnterTimestamp=n/a').startedAt).toBe(0)
})
