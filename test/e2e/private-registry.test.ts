import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Document } from 'yaml'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exitCodes } from '../../src/engine/errors.ts'
import { imagesOf, upstreamImages } from '../../src/kubernetes/versions.ts'
import { bundleDirectory, hostExec, type Lab, labDown, labUp } from '../lab/index.ts'
import { aptInstall } from '../lab/machine.ts'
import { $ } from '../lab/shell.ts'
import { type FileServer, serveFiles } from './private/files.ts'
import { closeGateway, type Gateway, openGateway, ports, removeGateway } from './private/gateway.ts'
import { type Proxy, startProxy } from './private/proxy.ts'
import { pushImages, type Registry, startRegistry } from './private/registry.ts'
import { changesMade, elsewhere, type Elsewhere, hostOf, inHost, kubectl, kubewright, type Outcome } from './support.ts'

const name = 'privateregistry'
const version = '1.37.1'
const password = randomBytes(12).toString('hex')

// Everything that is needed comes by two ways: files and packages through an HTTP proxy, images from a registry that wants a
// password. Direct ways are closed.
describe('behind a proxy, with a private registry', () => {
  const opened: AsyncDisposable[] = []
  let lab: Lab
  let scratch = ''
  let gateway: Gateway
  let files: FileServer
  let proxy: Proxy
  let registry: Registry
  let place: Elsewhere
  let outcome: Outcome
  const use = <Service extends AsyncDisposable>(service: Service): Service => {
    opened.push(service)
    return service
  }

  beforeAll(async () => {
    await aptInstall(['skopeo', 'tinyproxy-bin', 'apache2-utils', 'openssl'])
    scratch = await mkdtemp(join(tmpdir(), 'kubewright-private-'))
    lab = await labUp({ name, controlPlanes: 1, workers: 1, kubernetes: version, fresh: true })
    gateway = await openGateway(lab)
    files = use(await serveFiles(gateway, { bundle: bundleDirectory, debian: join(scratch, 'debian') }))
    proxy = use(await startProxy(gateway, scratch))
    registry = use(await startRegistry(gateway, scratch, password))
    const images = {
      upstream: upstreamImages(version),
      own: imagesOf({ kubernetesVersion: version, imageRepositories: repositories(registry) }),
    }
    const names = Object.keys(images.upstream) as (keyof typeof images.upstream)[]
    const mirrored = names.filter((image) => images.own[image] !== images.upstream[image])
    await pushImages(registry, scratch, new Map(mirrored.map((image) => [images.upstream[image], images.own[image]])))
    await packagesByHttp(lab, files, scratch)
    await closeGateway(gateway, lab)
    place = use(await elsewhere(lab, (inventory) => edit(inventory, { files, proxy, registry })))
    await writeFile(join(place.directory, 'password'), `${password}\n`, { mode: 0o600 })
  })

  afterAll(async () => {
    for (const service of opened.reverse()) await service[Symbol.asyncDispose]()
    await removeGateway(lab)
    await labDown(name)
    await rm(scratch, { recursive: true, force: true })
  })

  test('the hosts reach nothing directly but the proxy and the registry', async () => {
    for (const host of lab.hosts) {
      const reach = async (address: string, port: number): Promise<boolean> =>
        (await hostExec(host, `timeout 5 bash -c '</dev/tcp/${address}/${port}'`)).exitCode === 0
      expect(await reach(gateway.address, ports.proxy)).toBe(true)
      expect(await reach(gateway.registry, ports.registry)).toBe(true)
      expect(await reach(gateway.address, ports.files)).toBe(false)
    }
  })

  test('apply makes a cluster', async () => {
    const began = Date.now()
    outcome = await kubewright(['apply', '--yes', '--output', 'json', '--inventory', place.inventoryPath])
    expect(outcome.stdout.split('\n').filter((line) => line.includes('"type":"error"'))).toEqual([])
    expect(outcome.code).toBe(exitCodes.success)
    process.stderr.write(`bare hosts to proven cluster: ${((Date.now() - began) / 1000).toFixed(1)} s\n`)
  })

  test('every image of every pod comes from the registry', async () => {
    const pods = await kubectl(lab, `get pods -A -o jsonpath='{.items[*].status.containerStatuses[*].image}'`)
    const images = pods.split(/\s+/)
    expect(images.length).toBeGreaterThan(8)
    expect(images.filter((image) => !image.startsWith(`${registry.host}/`))).toEqual([])
    for (const host of lab.hosts) {
      const known = await inHost(host, 'ctr -n k8s.io images ls -q')
      const foreign = known.split('\n').filter((image) => image !== '' && !image.startsWith('sha256:'))
      expect(foreign.filter((image) => !image.startsWith(`${registry.host}/`))).toEqual([])
    }
  })

  test('every file and package has gone through the proxy', async () => {
    const asked = await proxy.requests()
    for (const { address } of lab.hosts) {
      const own = asked.filter((request) => request.startsWith(`${address} `))
      expect(own).toContainEqual(expect.stringContaining(`${files.url}/bundle/kubelet/${version}/`))
      expect(own).toContainEqual(expect.stringContaining(`${files.url}/debian/`))
    }
    // the web server saw the proxy alone, whose address is this machine's
    const askers = new Set(files.requests.map((request) => request.split(' ')[0]))
    expect([...askers]).toEqual([gateway.address])
  })

  test('the password is where containerd needs it, and nowhere else', async () => {
    const basic = Buffer.from(`${registry.user}:${password}`).toString('base64')
    expect(outcome.stdout + outcome.stderr).not.toContain(password)
    expect(outcome.stdout + outcome.stderr).not.toContain(basic)
    for (const host of lab.hosts) {
      const where = `grep -rlE '${password}|${basic}' /etc /var/lib/kubewright /var/log /var/lib/kubelet /opt /root /home /tmp 2>/dev/null | xargs -r stat -c '%n %a'`
      const kept = `/etc/containerd/certs.d/${registry.host}/hosts.toml 600`
      expect((await inHost(host, where)).split('\n').filter((line) => line !== '')).toEqual([kept])
    }
  })

  test('a second apply changes nothing', async () => {
    const second = await kubewright(['apply', '--output', 'json', '--inventory', place.inventoryPath])
    expect(second.code).toBe(exitCodes.success)
    expect(changesMade(second)).toEqual([])
  })
})

function repositories({ host }: Registry): Readonly<Record<string, string>> {
  return { 'registry.k8s.io': `${host}/k8s`, 'ghcr.io': `${host}/ghcr` }
}

interface Ways {
  readonly files: FileServer
  readonly proxy: Proxy
  readonly registry: Registry
}

function edit(inventory: Document, { files, proxy, registry }: Ways): void {
  const { host, user, ca } = registry
  const spec = {
    artifacts: { source: 'mirror', url: `${files.url}/bundle`, delivery: 'pull', images: 'registry' },
    imageRepositories: repositories(registry),
    proxy: { http: proxy.url, https: proxy.url, noProxy: [host.replace(/:\d+$/, '')] },
  }
  for (const [key, value] of Object.entries(spec)) inventory.setIn(['spec', key], inventory.createNode(value))
  const credentials = { username: user, passwordFile: './password' }
  const registries = [{ host, mirrors: [{ url: `https://${host}`, ca }], credentials }]
  inventory.setIn(['spec', 'containerd', 'registries'], inventory.createNode(registries))
}

/** The hosts' own package repository becomes one behind the proxy. */
async function packagesByHttp(lab: Lab, files: FileServer, scratch: string): Promise<void> {
  const first = hostOf(lab, 'cp1')
  await mkdir(join(scratch, 'debian'))
  await $`podman cp ${`${first.container}:/opt/debian-repository/.`} ${join(scratch, 'debian')}`
  const source = `deb [trusted=yes] ${files.url}/debian ./`
  for (const host of lab.hosts) {
    await inHost(host, `rm -rf /opt/debian-repository /var/lib/apt/lists/* && echo '${source}' >/etc/apt/sources.list`)
  }
}
