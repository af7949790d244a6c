import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Server as NetServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import ssh2 from 'ssh2'
import type { AuthContext, Connection, ServerChannel, Session } from 'ssh2'

/** A key pair in OpenSSH's format, with the public key also as the blob that travels. */
export interface TestKey {
  readonly private: string
  readonly public: string
  readonly blob: Buffer
}

export interface SshdOptions {
  readonly hostKeys?: readonly TestKey[]
  /** Who may log in; every key of these, as every user. */
  readonly authorized?: readonly TestKey[]
  /** What `sudo` is on this host; default `works`. */
  readonly sudo?: 'works' | 'password' | 'not-in-sudoers' | 'absent'
  /** Sessions on one connection at a time. */
  readonly maxSessions?: number
  /** So many refused keys end a connection (MaxAuthTries); default 6. */
  readonly maxAuthTries?: number
  /** So many connections are closed before a word is said. */
  readonly dropHandshakes?: number
  /** Milliseconds that a byte takes one way. */
  readonly latency?: number
  /** The login shell; default /bin/sh. */
  readonly shell?: string
  /** Printed by the login shell before the command, as a careless .bashrc does. */
  readonly noise?: string
}

/** An SSH server of the test, on 127.0.0.1, that runs what it is told with a real shell. */
export interface Sshd {
  readonly port: number
  readonly hostKey: Buffer
  /** Connections that came, dropped ones included. */
  readonly connections: number
  /** The most sessions that were open on one connection at a time. */
  readonly mostSessions: number
  /** The command lines that were run. */
  readonly commands: readonly string[]
  /** Cuts all connections, as a power failure does. */
  cut(): void
  close(): Promise<void>
}

/** Makes a key pair; the passphrase locks the private key. */
export function testKey(passphrase?: string, type: 'ed25519' | 'ecdsa' | 'rsa' = 'ed25519'): TestKey {
  const lock = passphrase === undefined ? undefined : { passphrase, cipher: 'aes256-ctr', rounds: 1 }
  const { generateKeyPairSync, parseKey } = ssh2.utils
  const pair =
    type === 'ed25519'
      ? generateKeyPairSync('ed25519', lock)
      : generateKeyPairSync(type, { bits: type === 'rsa' ? 2048 : 256, ...lock } as { bits: number })
  // one in 200 keys of ssh2 1.17 is malformed: it cuts leading zeros off
  if (parseKey(pair.public) instanceof Error || parseKey(pair.private, passphrase) instanceof Error)
    return testKey(passphrase, type)
  return { private: pair.private, public: pair.public, blob: Buffer.from(pair.public.split(' ')[1] ?? '', 'base64') }
}

const sudoScripts = {
  works: 'while [ "${1#-}" != "$1" ]; do shift; done; exec "$@"',
  password: 'echo "sudo: a password is required" >&2; exit 1',
  'not-in-sudoers': 'echo "alice is not in the sudoers file." >&2; exit 1',
  absent: undefined,
}

/** Starts a server; close it when the test ends. */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const hostKeys = options.hostKeys ?? [testKey()]
  const bin = await mkdtemp(join(tmpdir(), 'kubewright-sshd-'))
  const state: State = { options, bin, children: new Set(), mostSessions: 0, commands: [] }
  const sudo = sudoScripts[options.sudo ?? 'works']
  if (sudo !== undefined) await writeFile(join(bin, 'sudo'), `#!/bin/sh\n${sudo}\n`, { mode: 0o755 })
  const server = new ssh2.Server({ hostKeys: hostKeys.map((key) => key.private) }, (client) => serve(client, state))
  // ssh2's own listener would wait for acknowledgements (Nagle), which a host's sshd does not
  const inject = (socket: Socket): void =>
    (server as unknown as { injectSocket: (socket: Socket) => void }).injectSocket(socket)
  const inner = createServer({ noDelay: true }, inject)
  const innerPort = await listen(inner)
  const front = frontDoor(innerPort, options)
  const port = await listen(front.server)
  return {
    port,
    hostKey: hostKeys[0]?.blob ?? Buffer.alloc(0),
    get connections() {
      return front.count()
    },
    get mostSessions() {
      return state.mostSessions
    },
    commands: state.commands,
    cut: front.cut,
    async close() {
      front.cut()
      front.server.close()
      inner.close()
      for (const child of state.children) kill(child)
      await rm(bin, { recursive: true, force: true })
    },
  }
}

interface State {
  readonly options: SshdOptions
  readonly bin: string
  readonly children: Set<ChildProcess>
  readonly commands: string[]
  mostSessions: number
}

async function listen(server: NetServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

function kill(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  } catch {
    // it has ended by itself
  }
}

/** Passes bytes on to the server proper, so that they can be delayed and connections can be cut. */
function frontDoor(innerPort: number, { dropHandshakes = 0, latency = 0 }: SshdOptions) {
  const sockets = new Set<Socket>()
  let count = 0
  const server = createServer({ noDelay: true }, (socket) => {
    count += 1
    if (count <= dropHandshakes) return socket.destroy()
    const upstream = connect({ port: innerPort, host: '127.0.0.1', noDelay: true })
    for (const each of [socket, upstream]) {
      sockets.add(each.on('error', () => undefined))
      each.once('close', () => sockets.delete(each))
    }
    relay(socket, upstream, latency)
    relay(upstream, socket, latency)
  })
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return { server, count: () => count, cut }
}

function relay(from: Socket, to: Socket, latency: number): void {
  if (latency === 0) {
    from.pipe(to)
  } else {
    from.on('data', (chunk) => void pause(latency).then(() => to.write(chunk)))
    from.on('end', () => void pause(latency).then(() => to.end()))
  }
  from.on('close', () => to.destroy())
}

function serve(client: Connection, state: State): void {
  let sessions = 0
  let refused = 0
  client.on('error', () => undefined)
  client.on('authentication', (context) => {
    if (isAuthorized(context, state.options.authorized ?? [])) return context.accept()
    refused += 1
    if (refused < (state.options.maxAuthTries ?? 6)) return context.reject(['publickey'])
    disconnect(client, 'Too many authentication failures')
  })
  client.on('session', (accept, reject) => {
    if (sessions >= (state.options.maxSessions ?? 10)) return reject()
    sessions += 1
    state.mostSessions = Math.max(state.mostSessions, sessions)
    const session: Session = accept()
    session.on('exec', (acceptExec, _reject, { command }) => execute(acceptExec(), command, state))
    session.once('close', () => (sessions -= 1))
  })
  client.on('tcpip', (accept, reject, info) => {
    const socket = connect(info.destPort, info.destIP)
    socket.once('error', () => reject())
    socket.once('connect', () => {
      const channel = accept()
      channel.on('error', () => undefined)
      socket.on('error', () => channel.destroy())
      channel.pipe(socket).pipe(channel)
    })
  })
}

/** Ends a connection with a reason, which ssh2's public interface can not. */
function disconnect(client: Connection, reason: string): void {
  const { _protocol: protocol } = client as unknown as { _protocol: Protocol }
  const text = Buffer.from(reason)
  const packet = Buffer.concat([Buffer.of(1), length(2), length(text.length), text, length(0)])
  const framed = protocol._packetRW.write.alloc(packet.length)
  packet.copy(framed, protocol._packetRW.write.allocStart)
  protocol._cipher.encrypt(protocol._packetRW.write.finalize(framed))
  client.end()
}

function length(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

interface Protocol {
  readonly _cipher: { encrypt(packet: Buffer): void }
  readonly _packetRW: { write: { allocStart: number; alloc(size: number): Buffer; finalize(packet: Buffer): Buffer } }
}

function isAuthorized(context: AuthContext, authorized: readonly TestKey[]): boolean {
  if (context.method !== 'publickey') return false
  const key = authorized.find(({ blob }) => blob.equals(context.key.data))
  if (key === undefined) return false
  if (context.signature === undefined || context.blob === undefined) return true
  const parsed = ssh2.utils.parseKey(key.public)
  return !(parsed instanceof Error) && parsed.verify(context.blob, context.signature, context.hashAlgo)
}

/** As sshd does: the exit status goes out when the command has ended, the channel is closed when nobody holds its output any more. */
function execute(channel: ServerChannel, command: string, { options, bin, children, commands }: State): void {
  commands.push(command)
  const path = options.sudo === 'absent' ? '/usr/bin:/bin' : `${bin}:/usr/bin:/bin`
  const child = spawn(options.shell ?? '/bin/sh', ['-c', `${options.noise ?? ''}${command}`], {
    env: { PATH: path, HOME: bin },
    detached: true,
  })
  children.add(child)
  channel.on('error', () => undefined)
  child.stdin.on('error', () => undefined)
  channel.pipe(child.stdin)
  child.stdout.pipe(channel, { end: false })
  child.stderr.pipe(channel.stderr, { end: false })
  channel.once('close', () => {
    child.stdout.destroy()
    child.stderr.destroy()
  })
  child.once('close', (code, signal) => {
    children.delete(child)
    channel.stderr.end(() => {
      if (code === null) channel.exit((signal ?? 'SIGKILL').slice(3))
      else channel.exit(code)
      channel.end()
    })
  })
}
