import { join } from 'node:path'
import { parse } from 'smol-toml'
import { afterAll, beforeEach, expect, test } from 'vitest'
import type { Registry, RegistryMirror } from '../../../src/inventory/cluster.ts'
import { containerdConfig } from '../../../src/tasks/containerd/config.ts'

import { Secret } from '../../../src/transport/command.ts'
import type { Context } from '../../../src/tasks/context.ts'
import { clusterOf, contextOf, factsOf, hostOf } from '../../support/facts.ts'
import { applyTasks, listed, planTasks, touched } from '../../support/run-task.ts'
import { sandboxHost, type SandboxHost } from '../../support/sandbox-host.ts'
import { removeArtifacts, smallBundle } from './fixtures.ts'

afterAll(removeArtifacts)

const golden = (name: string): string => join(import.meta.dirname, '../../golden/containerd', name)
const artifacts = smallBundle()
const context = contextOf({ artifacts })

const mirror: Omit<RegistryMirror, 'ca'> = {
  url: 'https://cache.lab:5000',
  capabilities: ['pull', 'resolve'],
  skipVerify: false,
  overridePath: false,
}
const registry: Registry = { host: 'docker.io', server: undefined, mirrors: [], credentials: undefined }
const credentials = { username: 'puller', passwordFile: '/secret', passwordEnv: undefined }
let host: SandboxHost

beforeEach(() => {
  host = sandboxHost()
})

function withRegistries(registries: readonly Registry[], password = 'pa:ss"word'): Context {
  const settings = hostOf({ containerd: { ...hostOf().containerd, registries } })
  const secrets = new Map(registries.map((one) => [`registry:${one.host}`, new Secret(password)]))
  return contextOf({ artifacts, host: settings, secrets })
}

async function configText(options: Partial<Context>): Promise<string> {
  await applyTasks(host, containerdConfig, contextOf({ artifacts, ...options }))
  return host.read('/etc/containerd/config.toml') ?? ''
}

test('containerd starts with a configuration of version 3, and a second apply finds nothing to do', async () => {
  const before = host.snapshot()
  expect(listed(await planTasks(host, containerdConfig, context))).toEqual([
    'create file:/etc/containerd/config.toml',
    'create directory:/etc/containerd/conf.d',
    'create file:/etc/crictl.yaml',
    'create file:/etc/systemd/system/containerd.service',
    'create service:containerd.service',
  ])
  expect(touched(before, host.snapshot())).toEqual([])
  await applyTasks(host, containerdConfig, context)
  const text = host.read('/etc/containerd/config.toml') ?? ''
  await expect(text).toMatchFileSnapshot(golden('config.toml'))
  expect(parse(text)).toMatchObject({
    version: 3,
    imports: ['/etc/containerd/conf.d/*.toml'],
    plugins: {
      'io.containerd.cri.v1.images': { pinned_images: { sandbox: 'registry.k8s.io/pause:3.10.2' } },
      'io.containerd.cri.v1.runtime': { containerd: { runtimes: { runc: { options: { SystemdCgroup: true } } } } },
    },
  })
  await expect(host.read('/etc/systemd/system/containerd.service')).toMatchFileSnapshot(golden('containerd.service'))
  expect(host.read('/fake/units/containerd.service/enabled')).toBe('enabled\n')
  expect(listed(await planTasks(host, containerdConfig, context))).toEqual([])
})

test('options of the inventory reach the configuration', async () => {
  const { containerd, directories } = hostOf()
  const runtimes = [
    {
      name: 'nvidia',
      runtimeType: 'io.containerd.runc.v2',
      options: { BinaryName: '/usr/bin/nvidia-container-runtime' },
    },
    { name: 'gvisor', runtimeType: 'io.containerd.runsc.v1', options: { TypeUrl: 'io.containerd.runsc.v1.options' } },
  ]
  const text = await configText({
    host: hostOf({
      containerd: { ...containerd, criSocket: '/run/cri.sock', restrictOomScoreAdj: true, runtimes },
      directories: { ...directories, containerd: '/data/containerd' },
      kubelet: { config: { cgroupDriver: 'cgroupfs' }, extraArgs: [], patches: [] },
    }),
    cluster: clusterOf({ imageRepositories: { 'registry.k8s.io': 'mirror.lab/k8s' } }),
    facts: factsOf({ selinux: 'enforcing' }),
  })
  await expect(text).toMatchFileSnapshot(golden('config-options.toml'))
  expect(() => parse(text)).not.toThrow()
  expect(host.read('/etc/crictl.yaml')).toContain('runtime-endpoint: "unix:///run/cri.sock"')
})

test('a containerd 1.x that is adopted gets a configuration of version 2, and keeps its unit', async () => {
  const text = await configText({ facts: adoptedFacts('1.7.27') })
  await expect(text).toMatchFileSnapshot(golden('config-v2.toml'))
  expect(parse(text)['version']).toBe(2)
  expect(host.read('/etc/systemd/system/containerd.service')).toBeUndefined()
  expect(host.read('/fake/units/containerd.service/active')).toBe('active\n')
})

function adoptedFacts(version: string, docker = 'inactive') {
  const fragment = '/usr/lib/systemd/system/containerd.service'
  host.write(fragment, '[Service]\n')
  host.write('/usr/bin/containerd', '', 0o755)
  const unit = { active: 'active', enabled: 'enabled', fragment }
  return factsOf({
    survey: {
      programs: {
        containerd: { path: '/usr/bin/containerd', version },
        runc: { path: '/usr/bin/runc', version: '1.3.0' },
      },
      units: { containerd: unit, docker: { ...unit, active: docker } },
    },
  })
}

test('the configuration of somebody else’s containerd changes by a diff in the plan, and the restart says whom it concerns', async () => {
  host.write('/etc/containerd/config.toml', 'disabled_plugins = ["cri"]\n')
  const facts = adoptedFacts('2.1.4', 'active')
  host.write('/fake/units/containerd.service/active', 'active')
  host.write('/fake/units/containerd.service/enabled', 'enabled')
  const plan = await planTasks(host, containerdConfig, contextOf({ artifacts, facts }))
  const changes = new Map(plan.changes.map(({ resource, change }) => [resource, change]))
  expect(changes.get('file:/etc/containerd/config.toml')?.diff).toContain('-disabled_plugins = ["cri"]')
  expect(changes.get('service:containerd.service')).toMatchObject({ verb: 'restart', impact: 'workload' })
})

test('a restart that was lost to a crash is still pending on the next run', async () => {
  await applyTasks(host, containerdConfig, context)
  host.write('/fake/refuse/containerd.service', '')
  const other = contextOf({ artifacts, cluster: clusterOf({ imageRepositories: { 'registry.k8s.io': 'mirror.lab' } }) })
  await expect(applyTasks(host, containerdConfig, other)).rejects.toMatchObject({
    details: { resource: 'service:containerd.service' },
  })
  host.remove('/fake/refuse')
  expect(listed(await planTasks(host, containerdConfig, other))).toContain('create service:containerd.service')
  await applyTasks(host, containerdConfig, other)
  expect(listed(await planTasks(host, containerdConfig, other))).toEqual([])
})

test('drift is repaired: an edited configuration restarts containerd, a wrong mode does not', async () => {
  await applyTasks(host, containerdConfig, context)
  host.write('/etc/containerd/config.toml', 'version = 3\n')
  expect(listed(await planTasks(host, containerdConfig, context))).toEqual([
    'update file:/etc/containerd/config.toml',
    'restart service:containerd.service',
  ])
  await applyTasks(host, containerdConfig, context)
  host.write('/etc/crictl.yaml', host.read('/etc/crictl.yaml') ?? '', 0o600)
  expect(listed(await planTasks(host, containerdConfig, context))).toEqual(['update file:/etc/crictl.yaml'])
  await applyTasks(host, containerdConfig, context)
  host.write('/fake/units/containerd.service/active', 'failed')
  expect(listed(await planTasks(host, containerdConfig, context))).toEqual(['create service:containerd.service'])
})

test('mirrors, their authorities and credentials are read at each pull, so nothing restarts', async () => {
  await applyTasks(host, containerdConfig, context)
  const registries = [
    {
      ...registry,
      mirrors: [
        { ...mirror, ca: 'PEM\n' },
        { ...mirror, url: 'http://other.lab/v2/x', ca: undefined, overridePath: true },
      ],
      credentials,
    },
    { ...registry, host: 'registry.lab:5000', credentials },
    { ...registry, host: '_default', mirrors: [{ ...mirror, ca: undefined, skipVerify: true }] },
  ] satisfies readonly Registry[]
  const plan = await planTasks(host, containerdConfig, withRegistries(registries))
  expect(listed(plan)).toEqual([
    'create file:/etc/containerd/certs.d/docker.io/hosts.toml',
    'create file:/etc/containerd/certs.d/docker.io/mirror-1.crt',
    'create file:/etc/containerd/certs.d/registry.lab:5000/hosts.toml',
    'create file:/etc/containerd/certs.d/_default/hosts.toml',
  ])
  await applyTasks(host, containerdConfig, withRegistries(registries))
  for (const name of ['docker.io', 'registry.lab:5000', '_default']) {
    const text = host.read(`/etc/containerd/certs.d/${name}/hosts.toml`) ?? ''
    expect(() => parse(text)).not.toThrow()
    await expect(text).toMatchFileSnapshot(golden(`hosts-${name.replace(':', '-')}.toml`))
  }
  expect(host.snapshot().get('/etc/containerd/certs.d/docker.io/hosts.toml')).toMatch(/^600 /)
  expect(host.snapshot().get('/etc/containerd/certs.d/_default/hosts.toml')).toMatch(/^644 /)
  expect(listed(await planTasks(host, containerdConfig, withRegistries(registries)))).toEqual([])
})

test('a changed password is noticed and never shown', async () => {
  const registries = [
    { ...registry, mirrors: [{ ...mirror, ca: undefined }], credentials },
  ] satisfies readonly Registry[]
  await applyTasks(host, containerdConfig, withRegistries(registries, 'old-password'))
  const plan = await planTasks(host, containerdConfig, withRegistries(registries, 'new-password'))
  expect(listed(plan)).toEqual(['update file:/etc/containerd/certs.d/docker.io/hosts.toml'])
  const shown = JSON.stringify({ ...plan, digests: [...plan.digests] })
  expect(shown).not.toMatch(/password"|Basic/)
  expect(shown).not.toContain(Buffer.from('puller:new-password').toString('base64'))
})

test('a mirror that leaves the inventory leaves the host, and what others put there stays', async () => {
  const registries = [{ ...registry, mirrors: [{ ...mirror, ca: 'PEM\n' }] }] satisfies readonly Registry[]
  await applyTasks(host, containerdConfig, withRegistries(registries))
  host.write('/etc/containerd/certs.d/quay.io/hosts.toml', 'server = "https://quay.io"\n')
  host.write('/etc/containerd/conf.d/nvidia.toml', 'version = 3\n')
  expect(listed(await planTasks(host, containerdConfig, context))).toEqual(['delete owned:/etc/containerd/certs.d'])
  await applyTasks(host, containerdConfig, context)
  expect(host.read('/etc/containerd/certs.d/docker.io/hosts.toml')).toBeUndefined()
  expect(host.read('/etc/containerd/certs.d/quay.io/hosts.toml')).toBeDefined()
  expect(host.read('/etc/containerd/conf.d/nvidia.toml')).toBeDefined()
})

test('a proxy reaches containerd by a drop-in, and leaves it with the inventory’s', async () => {
  await applyTasks(host, containerdConfig, context)
  const proxy = { http: 'http://proxy:3128/%20', https: undefined, noProxy: ['10.0.0.0/8', '.svc'] }
  const proxied = contextOf({ artifacts, cluster: clusterOf({ proxy }) })
  const path = '/etc/systemd/system/containerd.service.d/http-proxy.conf'
  expect(listed(await planTasks(host, containerdConfig, proxied))).toEqual([
    `create file:${path}`,
    'restart service:containerd.service',
  ])
  await applyTasks(host, containerdConfig, proxied)
  expect(host.read(path)).toContain(
    'Environment="HTTP_PROXY=http://proxy:3128/%%20"\nEnvironment="NO_PROXY=10.0.0.0/8,.svc"\n',
  )
  expect(host.snapshot().get(path)).toMatch(/^600 /)
  expect(listed(await planTasks(host, containerdConfig, proxied))).toEqual([])
  expect(listed(await planTasks(host, containerdConfig, context))).toEqual([
    'delete owned:/etc/systemd/system/containerd.service.d',
    'restart service:containerd.service',
  ])
  await applyTasks(host, containerdConfig, context)
  expect(host.read(path)).toBeUndefined()
  expect(listed(await planTasks(host, containerdConfig, context))).toEqual([])
})
