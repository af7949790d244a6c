import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { placeOf } from '../../src/artifacts/place.ts'
import { makeReady } from '../../src/engine/ready.ts'
import type { Change, Deliver, Resolving } from '../../src/engine/resource.ts'
import { actShipment } from '../../src/host/act.ts'
import type { Proxy } from '../../src/inventory/cluster.ts'
import { sh } from '../../src/transport/command.ts'
import { sandboxHost } from '../support/sandbox-host.ts'
import { proxyServer, serve, sha256, withUser } from './support.ts'

const operation = {
  id: 'op-1',
  playbook: 'test',
  cluster: { id: 'cluster-1', name: 'lab' },
  inventory: 'f'.repeat(64),
  program: '0.0.0',
  startedBy: 'test',
  resumed: false,
}

const nothing: Resolving = {
  read: () => Promise.resolve(undefined),
  once: (_key, make) => make(),
  now: new Date(),
}

async function ready(url: string, content: string, proxy: Proxy | undefined) {
  const from = placeOf({ url, sha256: sha256(content) }, { delivery: 'pull', proxy })
  const install = sh`install -m 0755 -T "$KW_FILE" /usr/bin/kubelet`
  const action: Deliver = {
    kind: 'deliver',
    name: 'kubelet 1.37.1',
    sha256: sha256(content),
    size: undefined,
    from,
    install,
    paths: ['/usr/bin/kubelet'],
    undo: 'none',
  }
  const change: Change = { verb: 'create', summary: 'install kubelet', impact: 'none', actions: [action] }
  return makeReady('artifact:kubelet', change, nothing)
}

const hasCurl = existsSync('/usr/bin/curl')

test.runIf(hasCurl)('a host downloads an artifact itself, through the proxy of the inventory', async () => {
  const [server, proxy, host] = [await serve({ '/kubelet': 'elf' }), await proxyServer(), sandboxHost()]
  host.provide('curl')
  const settings = { http: withUser(proxy.url), https: undefined, noProxy: [] }
  await host.target.act(operation, [await ready(`${server.url}/kubelet`, 'elf', settings)])
  expect(host.read('/usr/bin/kubelet')).toBe('elf')
  expect(proxy.requests.map(({ url }) => url)).toEqual([`${server.url}/kubelet`])
  expect(host.read('/var/lib/kubewright/installed.ndjson')).toContain('"path":"/usr/bin/kubelet"')
})

test.runIf(hasCurl)('what a host downloads is refused there if it is not what was published', async () => {
  const [server, host] = [await serve({ '/kubelet': 'elg' }), sandboxHost()]
  host.provide('curl')
  await expect(
    host.target.act(operation, [await ready(`${server.url}/kubelet`, 'elf', undefined)]),
  ).rejects.toMatchObject({ details: { code: 'KW3008' } })
  expect(host.read('/usr/bin/kubelet')).toBeUndefined()
})

test('neither the script nor a command line has the password of a proxy or of a mirror', async () => {
  const settings = { http: 'http://user:hunter2@proxy:3128', https: undefined, noProxy: [] }
  const change = await ready('http://user:hunter3@mirror.test/kubelet', 'elf', settings)
  const { script, payload } = actShipment(operation, [change])
  expect(script.text).not.toMatch(/hunter|mirror\.test/)
  const sent: Buffer[] = []
  for await (const chunk of payload) sent.push(chunk)
  expect(Buffer.concat(sent).toString()).toContain('proxy = "http://user:hunter2@proxy:3128"')
  expect(JSON.stringify(change.change)).not.toContain('hunter')
})
