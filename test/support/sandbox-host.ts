import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync } from 'node:fs'
import { readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll } from 'vitest'
import type { Target } from '../../src/engine/target.ts'
import { hostTarget } from '../../src/host/target.ts'
import { packageRoot } from '../../src/package.ts'
import type { Command } from '../../src/transport/command.ts'
import { afterStart, frame } from '../../src/transport/script.ts'
import type { ExecOptions, ExecResult, Transport } from '../../src/transport/transport.ts'

/**
 * A host for unit tests that runs the real scripts under the real `/bin/sh`: a root directory of its own in a mount namespace,
 * with this machine's coreutils and with stand-ins (test/support/sandbox/) for what a root directory cannot have: systemd, the
 * kernel's files, packages, containerd. It needs no container and starts in milliseconds; `/proc` and `/sys` are plain files.
 */
export interface SandboxHost {
  readonly target: Target
  readonly transport: Transport
  readonly root: string
  /** Undefined if there is no such file. */
  read(path: string): string | undefined
  /** Writes a file as someone else on the host would. */
  write(path: string, content: string, mode?: number): void
  remove(path: string): void
  link(path: string, target: string): void
  /** Runs something on the host as someone else would; rejects with its stderr if it fails. */
  run(script: Command): Promise<string>
  /** Links a program of this machine into the host. */
  provide(program: string): void
  /** Puts a stand-in of `test/support/sandbox/optional/` on the host. */
  install(fake: string): void
  /** Mode in octal, hash or target of everything below `/` that a task may change, by path. */
  snapshot(): ReadonlyMap<string, string>
}

const fakes = join(packageRoot, 'test/support/sandbox')

const atEnd: (() => void)[] = []
afterAll(() => atEnd.forEach((undo) => undo()))

/** Programs that every Debian has; what a task installs is not among them. */
const programs = [
  'sh basename cat chmod chown comm cp cut date dd dirname env expr find flock grep gzip head id install ln ls mkdir mktemp',
  'mv od printf readlink realpath rm rmdir sed seq sha256sum sleep sort stat sync tail tar test timeout touch tr true uname uniq wc',
]

export interface SandboxOptions {
  readonly name?: string
  /** A network namespace of its own, so that the real nft and iptables can be used. */
  readonly network?: boolean
}

/** Makes a bare host; it goes when the test file has run. */
export function sandboxHost({ name = 'cp1', network = false }: SandboxOptions = {}): SandboxHost {
  // In memory where possible: the journal syncs, and a loaded disk takes a second for it.
  const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'kw-sandbox-'))
  furnish(root)
  atEnd.push(() => rmSync(root, { recursive: true, force: true }))
  const transport = sandboxTransport(name, root, network ? holdNetwork() : undefined)
  const at = (path: string): string => join(root, path)
  return {
    root,
    transport,
    target: hostTarget(transport, undefined, () => false),
    read: (path) => (existsSync(at(path)) ? readFileSync(at(path), 'utf8') : undefined),
    write(path, content, mode = 0o644) {
      mkdirSync(dirname(at(path)), { recursive: true })
      writeFileSync(at(path), content)
      chmodSync(at(path), mode)
    },
    remove: (path) => rmSync(at(path), { recursive: true, force: true }),
    link(path, target) {
      mkdirSync(dirname(at(path)), { recursive: true })
      rmSync(at(path), { force: true })
      symlinkSync(target, at(path))
    },
    async run(script) {
      const { code, stdout, stderr } = await transport.exec(script)
      if (code !== 0) throw new Error(stderr.toString())
      return stdout.toString()
    },
    provide: (program) => linkProgram(root, program),
    install: (fake) => copyFake(root, join('optional', fake)),
    snapshot: () => new Map(['etc', 'opt', 'usr', 'var', 'proc', 'sys'].flatMap((part) => [...entries(root, part)])),
  }
}

/** Twenty seconds pass between any two looks at the clock, and nobody sleeps, so that what waits for long gives up at once. */
export function flyingTime(host: Pick<SandboxHost, 'write'>): void {
  const clock = `[ "$1" = +%s ] || exec /usr/bin/date "$@"
kw_now=$(($(cat /fake/clock) + 20))
echo "$kw_now" >/fake/clock
echo "$kw_now"`
  host.write('/fake/clock', '0\n')
  host.write('/usr/local/sbin/date', `#!/bin/sh\n${clock}\n`, 0o755)
  host.write('/usr/local/sbin/sleep', '#!/bin/sh\n', 0o755)
}

function furnish(root: string): void {
  const directories =
    'dev etc fake host opt proc/sys/net/ipv4 root run sys tmp usr/bin usr/lib usr/sbin usr/local/bin usr/local/sbin var/lib'
  for (const path of directories.split(' ')) mkdirSync(join(root, path), { recursive: true })
  for (const path of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${path}`, join(root, path))
  // This machine's /usr is mounted on /host, and what a bare host has of it is linked from there.
  for (const path of readdirSync('/usr/lib').filter((entry) => entry.endsWith('-linux-gnu'))) {
    symlinkSync(`/host/lib/${path}`, join(root, 'usr/lib', path))
  }
  symlinkSync('/host/lib64', join(root, 'usr/lib64'))
  for (const program of ['awk', ...programs.join(' ').split(' ')]) linkProgram(root, program)
  for (const fake of readdirSync(fakes, { withFileTypes: true })) {
    if (fake.isFile()) copyFake(root, fake.name)
  }
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n')
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\n')
  writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n')
  writeFileSync(join(root, 'fake/dns'), '')
  writeFileSync(join(root, 'proc/swaps'), 'Filename\tType\tSize\tUsed\tPriority\n')
  writeFileSync(join(root, 'proc/sys/net/ipv4/ip_forward'), '0\n')
}

function linkProgram(root: string, program: string): void {
  const found = ['bin', 'sbin'].map((directory) => `/usr/${directory}/${program}`).find((path) => existsSync(path))
  if (found === undefined) throw new Error(`this machine has no ${program}`)
  symlinkSync(realpathSync(found).replace(/^\/usr/, '/host'), join(root, found))
}

function copyFake(root: string, fake: string): void {
  writeFileSync(join(root, 'usr/sbin', basename(fake)), readFileSync(join(fakes, fake)), { mode: 0o755 })
}

/** A process in a new network namespace, which lives as long as the host does; gives the path of the namespace. */
function holdNetwork(): string {
  const holder = spawn('unshare', ['--net', 'sleep', '600'], { stdio: 'ignore' })
  atEnd.push(() => holder.kill('SIGKILL'))
  return `/proc/${holder.pid}/ns/net`
}

/** Waits for the namespace: before it is made, a process of ours would change the rules of this very machine. */
async function separateNetwork(path: string): Promise<string> {
  for (let left = 200; left > 0; left -= 1) {
    if (existsSync(path) && readlinkSync(path) !== readlinkSync('/proc/self/ns/net')) return path
    await sleep(10)
  }
  throw new Error(`${path} is no network namespace of its own`)
}

function sandboxTransport(name: string, root: string, network: string | undefined): Transport {
  const traffic = { executions: 0, bytesSent: 0, bytesReceived: 0 }
  return {
    host: name,
    traffic,
    async exec(script, options) {
      traffic.executions += 1
      return runInside(root, network, script, options)
    },
    open: () => Promise.reject(new Error('the sandbox has no sessions')),
    async connect(address, port) {
      const socket = connect(port, address)
      await once(socket, 'connect')
      return socket.on('error', () => undefined)
    },
    close: () => Promise.resolve(),
  }
}

const isRoot = process.getuid?.() === 0
const enter = `mount --rbind /usr "$1/host" && mount --rbind /dev "$1/dev" && exec chroot "$1" /bin/sh -c "$2"`

async function runInside(
  root: string,
  network: string | undefined,
  script: Command,
  options: ExecOptions = {},
): Promise<ExecResult> {
  const { line, bytes } = frame(script, true)
  const joined = network === undefined ? [] : ['nsenter', `--net=${await separateNetwork(network)}`]
  const [program = '', ...args] = [...joined, 'unshare', '--mount', ...(isRoot ? [] : ['--map-root-user'])]
  const child = spawn(program, [...args, '/bin/sh', '-c', enter, 'sandbox', root, line], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  child.stdin.on('error', () => undefined) // the script may end before it has read everything
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 255))
  })
  child.stdin.write(bytes)
  const payload = Buffer.isBuffer(options.payload) ? [options.payload] : (options.payload ?? [])
  for await (const chunk of payload) child.stdin.write(chunk)
  child.stdin.end()
  const code = await ended
  const all = Buffer.concat(stdout)
  const start = afterStart(all)
  if (start < 0) throw new Error(`the sandbox did not start: ${Buffer.concat(stderr).toString()}`)
  return { code, stdout: all.subarray(start), stderr: Buffer.concat(stderr) }
}

function* entries(root: string, path: string): Generator<[string, string]> {
  const stat = lstatSync(join(root, path))
  const mode = (stat.mode & 0o7777).toString(8)
  if (stat.isSymbolicLink()) yield [`/${path}`, `link ${readlinkSync(join(root, path))}`]
  else if (stat.isFile()) {
    yield [
      `/${path}`,
      `${mode} ${createHash('sha256')
        .update(readFileSync(join(root, path)))
        .digest('hex')}`,
    ]
  } else {
    yield [`/${path}`, mode]
    for (const entry of readdirSync(join(root, path))) yield* entries(root, `${path}/${entry}`)
  }
}
