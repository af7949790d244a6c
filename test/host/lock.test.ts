import { expect, test } from 'vitest'
import type { EngineEvent } from '../../src/engine/events.ts'
import { lockHost } from '../../src/host/lock.ts'
import type { Transport } from '../../src/transport/transport.ts'
import { sandboxHost, type SandboxHost } from '../support/sandbox-host.ts'

const holder = { who: 'anna@laptop', operation: 'op-1', since: '2026-01-01T00:00:00Z' }

/** The host with sessions that end at once, whose lines say what became of them. */
function withSessions({ transport }: SandboxHost): Transport {
  return {
    ...transport,
    async open(script) {
      const { stdout } = await transport.exec(script)
      const lines = stdout.toString().split('\n')
      return {
        line: () => Promise.resolve(lines.shift()),
        write: () => undefined,
        ended: Promise.resolve(),
        end: () => undefined,
      }
    },
  }
}

/** `flock` that says no for this file. */
function refusing(host: SandboxHost, what: string): void {
  host.write('/usr/sbin/flock', `#!/bin/sh\ncase $* in ${what}) exit 1 ;; esac\n`, 0o755)
}

/** Locks the host; what it has to say goes to `told`. */
const locked = (host: SandboxHost, told: EngineEvent[] = []) =>
  lockHost(withSessions(host), holder, (event) => told.push(event))

test('a host is locked once nothing of an earlier run works there any more, so that what is looked at stays as it is', async () => {
  const host = sandboxHost()
  await expect(locked(host)).resolves.toBeDefined()
  host.write('/var/lib/kubewright/act.lock', '')
  await expect(locked(host)).resolves.toBeDefined()
  refusing(host, '*act.lock*')
  await expect(locked(host)).rejects.toMatchObject({ details: { code: 'KW3007' } })
})

test('who waits for an action of an earlier run says so, and goes on when that has ended', async () => {
  const host = sandboxHost()
  const told: EngineEvent[] = []
  host.write('/var/lib/kubewright/act.lock', '')
  await locked(host, told)
  expect(told).toEqual([])
  refusing(host, '"-w 2 "*')
  await expect(locked(host, told)).resolves.toBeDefined()
  expect(told).toEqual([
    {
      type: 'waiting',
      host: host.transport.host,
      resource: 'lock',
      reason: 'an action of an earlier run still works there',
      seconds: 2,
    },
  ])
})

test('whoever holds the lock is named', async () => {
  const host = sandboxHost()
  host.write('/run/kubewright.holder', JSON.stringify(holder))
  refusing(host, '*')
  await expect(locked(host)).rejects.toMatchObject({
    details: { code: 'KW2011', message: expect.stringContaining('anna@laptop (operation op-1') },
  })
})
