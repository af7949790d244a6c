/**
 * Asks the real kubeadm of each minor what it would write, and stores that under `test/golden/kubeadm/<version>/`.
 *
 *     npm run build && node dist/test/golden/kubeadm.js [VERSION...]
 *
 * It needs root (kubeadm runs in a chroot, under a host name of its own) and `~/.cache/kubewright/tools/<version>/kubeadm`,
 * which the lab builds. Nothing but the chroot is touched. Values that differ from run to run are replaced.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { packageRoot } from '../../src/package.ts'
import { isMapping, parseYaml, printYaml } from '../../src/render/yaml.ts'
import type { Mapping } from '../../src/render/yaml.ts'

const golden = join(packageRoot, 'test', 'golden', 'kubeadm')
const tools = join(homedir(), '.cache', 'kubewright', 'tools')
const scenarios = ['default', 'dual-stack', 'custom', 'external-etcd']
const hostname = 'cp1'

/** What kubeadm printed, and the directory of what it wrote. */
interface DryRun {
  readonly stdout: string
  readonly files: string
}

function main(): void {
  const versions = process.argv.slice(2)
  for (const version of versions.length > 0 ? versions : readdirSync(tools)) {
    const kubeadm = join(tools, version, 'kubeadm')
    if (!existsSync(kubeadm)) continue
    for (const scenario of scenarios) storeInit(kubeadm, version, scenario)
    storeJoin(kubeadm, version)
    const images = execFileSync(kubeadm, ['config', 'images', 'list', '--kubernetes-version', `v${version}`])
    writeFileSync(join(golden, version, 'images.txt'), images)
    console.log(`kubeadm ${version}: done`)
  }
}

function storeInit(kubeadm: string, version: string, scenario: string): void {
  inRoot(`${scenario}.yaml`, version, (root) => {
    const { stdout, files } = dryRun(kubeadm, root, 'init')
    const target = freshDirectory(version, scenario)
    for (const name of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'config', 'instance-config']) {
      if (!existsSync(join(files, `${name}.yaml`))) continue // etcd, when it is external
      const object = parseYaml(readFileSync(join(files, `${name}.yaml`), 'utf8'), name)
      writeFileSync(join(target, `${name}.yaml`), printYaml(normalised(object)))
    }
    cpSync(join(files, 'kubeadm-flags.env'), join(target, 'kubeadm-flags.env'))
    const objects = createdObjects(stdout).map((object) => printYaml(normalised(object)))
    writeFileSync(join(target, 'objects.yaml'), objects.join('---\n'))
    writeFileSync(join(target, 'marks.yaml'), printYaml(marks(stdout)))
  })
}

function storeJoin(kubeadm: string, version: string): void {
  inRoot('worker.yaml', version, (root) => {
    const { files } = dryRun(kubeadm, root, 'join')
    cpSync(join(files, 'kubeadm-flags.env'), join(freshDirectory(version, 'worker'), 'kubeadm-flags.env'))
  })
}

/** Makes a root file system with the configuration, its patches and some of the directories of CAs. */
function inRoot(configuration: string, version: string, use: (root: string) => void): void {
  const root = mkdtempSync(join(tmpdir(), 'kubewright-golden-'))
  try {
    for (const path of ['etc/ssl/certs', 'usr/share/ca-certificates', 'etc/ca-certificates', 'tmp', 'var/lib']) {
      mkdirSync(join(root, path), { recursive: true })
    }
    const text = readFileSync(join(golden, 'config', configuration), 'utf8')
    writeFileSync(join(root, 'kubeadm.yaml'), text.replaceAll('KUBERNETES_VERSION', `v${version}`))
    cpSync(join(golden, 'config', 'custom-patches'), join(root, 'patches'), {
      recursive: true,
      // kubeadm knows this target since 1.37 only, and refuses what it does not know.
      filter: (path) => !(version.startsWith('1.36.') && path.includes('kubeproxydaemonset')),
    })
    use(root)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

function dryRun(kubeadm: string, root: string, verb: 'init' | 'join'): DryRun {
  const options = ['--dry-run', '--config', '/kubeadm.yaml', '--skip-phases', 'preflight', '--rootfs', root]
  const script = `hostname ${hostname} && exec "$0" "$@"`
  const stdout = execFileSync('unshare', ['--uts', 'sh', '-c', script, kubeadm, verb, ...options], {
    // No proxy of this machine may get into the manifests.
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', [`KUBEADM_${verb.toUpperCase()}_DRYRUN_DIR`]: '/dry' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return { stdout, files: join(root, 'dry') }
}

function createdObjects(stdout: string): readonly Mapping[] {
  const created = stdout.split('[dryrun] Would perform action CREATE on resource ').slice(1)
  return created.map((text) => {
    const object = text.slice(text.indexOf('Attached object:\n') + 'Attached object:\n'.length)
    const end = /^(?:\[|Your Kubernetes)/m.exec(object)?.index
    return parseYaml(object.slice(0, end), 'an object of the dry run')
  })
}

// The dry run does not print the patch of the node, but says what is in it.
function marks(stdout: string): Mapping {
  const list = (what: string) => {
    const found = new RegExp(`as control-plane by adding the ${what}:? \\[(.*)\\]`).exec(stdout)
    return found?.[1]?.split(' ') ?? []
  }
  return { labels: list('labels'), taints: list('taints') }
}

function normalised(object: Mapping): Mapping {
  const fields = Object.entries(object).filter(([name]) => name !== 'status')
  return Object.fromEntries(fields.map(([name, value]) => [name, normalisedField(name, value)]))
}

function normalisedField(name: string, value: unknown): unknown {
  if (!isMapping(value)) return value
  const members = Object.entries(value)
  if (name === 'metadata') return Object.fromEntries(members.filter(([key]) => key !== 'resourceVersion'))
  if (name === 'data') return Object.fromEntries(members.map(([key, text]) => [key, steady(key, text)]))
  return value
}

function steady(key: string, value: unknown): unknown {
  if (key === 'expiration') return Buffer.from('2030-01-02T03:04:05Z').toString('base64')
  const authority = Buffer.from('the CA').toString('base64')
  return typeof value === 'string' ? value.replaceAll(/(certificate-authority-data: )\S+/g, `$1${authority}`) : value
}

function freshDirectory(version: string, scenario: string): string {
  const directory = join(golden, version, scenario)
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  return directory
}

main()
