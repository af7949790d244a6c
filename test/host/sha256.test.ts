import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { probePrelude } from '../../src/host/probe.ts'
import { sh } from '../../src/transport/command.ts'
import { sandboxHost } from '../support/sandbox-host.ts'

test('a file has the same hash whether the host has OpenSSL or not', async () => {
  const host = sandboxHost()
  for (const content of ['small', 'large'.repeat(500_000)]) {
    host.write('/root/file', content)
    const wanted = `${createHash('sha256').update(content).digest('hex')}\n`
    const hash = sh`${probePrelude}
kw_sha256 /root/file`
    expect(await host.run(hash)).toBe(wanted)
    expect(
      await host.run(sh`openssl() { return 127; }
${hash}`),
    ).toBe(wanted)
  }
})
