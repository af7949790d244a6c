import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bundleDirectory, toolsDirectory } from '../../lab/index.ts'
import { $ } from '../../lab/shell.ts'
import { type Gateway, ports } from './gateway.ts'
import { type Service, startService } from './service.ts'

/** A registry that lets nobody in without a password. */
export interface Registry extends Service {
  /** As images name it: `10.89.5.2:5000`. */
  readonly host: string
  readonly user: string
  readonly password: string
  /** File with the certificate that its own is verified with. */
  readonly ca: string
}

/** Starts a registry with a certificate of its own for its address. */
export async function startRegistry(gateway: Gateway, directory: string, password: string): Promise<Registry> {
  const address = gateway.registry
  const host = `${address}:${ports.registry}`
  const user = 'puller'
  const [key, ca, users] = ['registry.key', 'registry.crt', 'users'].map((name) => join(directory, name))
  const subject = ['-subj', '/CN=registry', '-addext', `subjectAltName=IP:${address}`]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']
  await $`openssl req -x509 ${curve} -nodes -days 2 ${subject} -keyout ${key} -out ${ca}`
  await writeFile(users ?? '', (await $({ input: password })`htpasswd -niB ${user}`).stdout)
  const configuration = {
    version: 0.1,
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(directory, 'images') } },
    auth: { htpasswd: { realm: 'images', path: users } },
    http: { addr: host, tls: { certificate: ca, key } },
  }
  await writeFile(join(directory, 'registry.yaml'), JSON.stringify(configuration))
  const program = join(toolsDirectory, 'registry')
  const args = ['serve', join(directory, 'registry.yaml')]
  const service = await startService(program, args, { address, port: ports.registry })
  return { ...service, host, user, password, ca: ca ?? '' }
}

interface BundledImage {
  readonly kind: string
  readonly file: string
  readonly image?: string
}

/** Pushes images of the lab's bundle; `names` maps an upstream reference to that in the registry. */
export async function pushImages(
  registry: Registry,
  directory: string,
  names: ReadonlyMap<string, string>,
): Promise<void> {
  const { artifacts } = JSON.parse(await readFile(join(bundleDirectory, 'index.json'), 'utf8')) as {
    readonly artifacts: readonly BundledImage[]
  }
  const certificates = join(directory, 'certificates')
  await mkdir(certificates, { recursive: true })
  await copyFile(registry.ca, join(certificates, 'ca.crt'))
  const login = join(directory, 'login.json') // a password on the command line would be seen in `ps`
  const auth = Buffer.from(`${registry.user}:${registry.password}`).toString('base64')
  await writeFile(login, JSON.stringify({ auths: { [registry.host]: { auth } } }), { mode: 0o600 })
  for (const [upstream, name] of names) {
    const found = artifacts.find(({ image }) => image === upstream)
    if (found === undefined) throw new Error(`the bundle has no ${upstream}`)
    const file = join(bundleDirectory, found.file)
    const members = (await $`tar -tf ${file}`).stdout.split('\n')
    // What was fetched from upstream is in the format of `podman save`.
    const from = `${members.includes('oci-layout') ? 'oci-archive' : 'docker-archive'}:${file}`
    const to = `docker://${name}`
    const options = ['--dest-cert-dir', certificates, '--dest-authfile', login, '--dest-compress-format', 'zstd']
    await $`skopeo copy --quiet ${options} --dest-compress-level 1 ${from} ${to}`
  }
}
