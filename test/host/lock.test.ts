import { expect, test } from 'vitest'
import { lockHost } from '../../src/host/lock.ts'
import type { Transport } from '../../src/transport/transport.ts'
import { sandboxHost, type SandboxHost } from '../support/sandbox-host.ts'

const holder = { who: 'anna@laptop', operation: 'op-1', since: '2026-01-01T00:00:00Z' }

/** The host with sessions that end at once, whose first line says what became of them. */
function withSessions({ transport }: SandboxHost): Transport {
  return {
    ...transport,
    async open(script) {
      const { stdout } = await transport.exec(script)
      const [first] = stdout.toString().split('\n')
      return {
        line: () => Promise.resolve(first),
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

test('a host is locked once nothing of an earlier run works there any more, so that what is looked at stays as it is', async () => {
  const host = sandboxHost()
  await expect(lockHost(withSessions(host), holder)).resolves.toBeDefined()
  host.write('/var/lib/kubewright/act.lock', '')
  await expect(lockHost(withSessions(host), holder)).resolves.toBeDefined()
  refusing(host, '*act.lock*')
  await expect(lockHost(withSessions(host), holder)).rejects.toMatchObject({ details: { code: 'KW3007' } })
})

test('whoever holds the lock is named', async () => {
  const host = sandboxHost()
  host.write('/run/kubewright.holder', JSON.stringify(holder))
  refusing(host, '*')
  await expect(lockHost(withSessions(host), holder)).rejects.toMatchObject({
    details: { code: 'KW2011', message: expect.stringContaining('anna@laptop (operation op-1') },
  })
})
