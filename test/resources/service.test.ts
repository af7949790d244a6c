import { describe, expect, test } from 'vitest'
import { file } from '../../src/resources/file.ts'
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
Inputs=none ${newest}
Reloads=none 0`)
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

describe('where a reload is enough', () => {
  const text = file('/etc/conf', '')
  const unit = file('/etc/unit', '')
  const daemon = service('daemon.service', { inputs: [unit], reloads: [text] })
  const running = {
    active: true,
    enabled: true,
    invocation: 'i',
    stamp: { invocation: 'i', inputs: 'a', reloads: 'b' },
    startedAt: 10,
    inputs: { hash: 'a', newest: 1 },
    reloads: { hash: 'b', newest: 1 },
    needsReload: false,
  }

  test('it is reloaded, without impact, and restarted only if something else has changed', () => {
    expect(daemon.compare(running)).toBeUndefined()
    const changed = { ...running, reloads: { hash: 'c', newest: 11 } }
    expect(daemon.compare(changed)).toMatchObject({ verb: 'run', impact: 'none' })
    expect(daemon.compare({ ...changed, inputs: { hash: 'c', newest: 11 } })).toMatchObject({ verb: 'restart' })
  })

  test('a plan foresees the same', () => {
    expect(daemon.inputs).toEqual([unit.id, text.id])
    expect(daemon.stale?.([text.id])).toMatchObject({ verb: 'run' })
    expect(daemon.stale?.([unit.id, text.id])).toMatchObject({ verb: 'restart' })
  })

  test('the time of a change says it where nobody has stamped the start', () => {
    const unstamped = { ...running, stamp: undefined }
    expect(daemon.compare(unstamped)).toBeUndefined()
    expect(daemon.compare({ ...unstamped, reloads: { hash: 'c', newest: 11 } })).toMatchObject({ verb: 'run' })
  })
})
