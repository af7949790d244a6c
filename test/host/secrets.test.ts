import { expect, test } from 'vitest'
import type { Resource } from '../../src/engine/resource.ts'
import { makeReady, resolvingContext } from '../../src/engine/ready.ts'
import { probePrelude } from '../../src/host/probe.ts'
import { file, ownedDirectory } from '../../src/resources/file.ts'
import { Secret, sh } from '../../src/transport/command.ts'
import { operation } from '../engine/support.ts'
import { sandboxHost, type SandboxHost } from '../support/sandbox-host.ts'

const backups = '/var/lib/kubewright/backups'

async function repair({ target }: SandboxHost, resource: Resource, id: string): Promise<void> {
  const state = (await target.probe([resource])).get(resource.id)
  const change = resource.compare(state)
  if (change === undefined) throw new Error('nothing to do')
  const context = resolvingContext(
    new Map(),
    (text) => new Secret(text),
    () => new Date(0),
  )
  await target.act({ ...operation, id }, [await makeReady(resource.id, change, context)])
}

async function kept(host: SandboxHost): Promise<readonly string[]> {
  return (await host.run(sh`find ${backups} ! -type d | sort`)).split('\n').filter((path) => path !== '')
}

const webhook = (token: string) =>
  file('/etc/kubernetes/webhook.yaml', `token: ${token}`, { mode: 0o600, confidential: true })

test('what a confidential file of ours held before is kept as a secret, whether or not its new content is one', async () => {
  const host = sandboxHost()
  await repair(host, webhook('old'), 'op-1')
  await repair(host, webhook('new'), 'op-2')
  expect((await kept(host)).filter((path) => path.includes('op-2'))).toEqual([
    `${backups}/op-2/secrets/etc/kubernetes/webhook.yaml`,
  ])
  expect(host.read('/etc/kubernetes/webhook.yaml')).toBe('token: new')
})

test("a user's own file stays an original that a reset puts back, even if only root may read it", async () => {
  const host = sandboxHost()
  host.write('/etc/containerd/config.toml', 'password of the user', 0o600)
  await repair(host, file('/etc/containerd/config.toml', 'ours'), 'op-1')
  expect(await kept(host)).toEqual([`${backups}/op-1/files/etc/containerd/config.toml`])
})

test('a file that only root may read is kept as a secret when it is removed', async () => {
  const host = sandboxHost()
  const directory = '/etc/containerd/certs.d'
  await repair(host, file(`${directory}/a/hosts.toml`, new Secret('password'), { mode: 0o600 }), 'op-1')
  await repair(host, file(`${directory}/b/hosts.toml`, 'public'), 'op-1')
  await repair(host, ownedDirectory(directory, []), 'op-2')
  expect((await kept(host)).filter((path) => path.includes('op-2'))).toEqual([
    `${backups}/op-2/files${directory}/b/hosts.toml`,
    `${backups}/op-2/secrets${directory}/a/hosts.toml`,
  ])
})

test("kubectl goes past the host's proxy, and reads no settings of root", async () => {
  const host = sandboxHost()
  host.write('/usr/bin/kubectl', '#!/bin/sh\necho "$NO_PROXY $no_proxy $KUBECTL_KUBERC"\n', 0o755)
  const said = await host.run(sh`export HTTPS_PROXY=http://proxy:3128 no_proxy=localhost
${probePrelude}
kw_kubectl https://192.0.2.11:6443 get nodes`)
  expect(said).toBe('* * false\n')
})
