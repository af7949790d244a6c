import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { type ConfigValues, expandPath, loadSshConfig, type SshConfig } from './ssh-config-file.ts'
import type { AskPassphrase, SshTarget } from './target.ts'
import { TransportError } from './transport.ts'

/** What the inventory says of a connection; what it leaves out comes from `~/.ssh/config` and then from OpenSSH's defaults. */
export interface SshSpec {
  /** The host's name in the inventory, for messages. */
  readonly host: string
  /** DNS name, IP address or alias of `~/.ssh/config`. */
  readonly address: string
  readonly port?: number | undefined
  readonly user?: string | undefined
  readonly identityFile?: string | undefined
  readonly knownHostsFile?: string | undefined
  readonly hostKey?: string | undefined
  readonly bastion?: Omit<SshSpec, 'bastion' | 'host'> | undefined
}

/** The person's side of the connections. */
export interface SshSurroundings {
  /** Default `~/.ssh/config`. */
  readonly configFile?: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  readonly username: string
  /** Asks on a terminal; left out when there is none. */
  readonly askPassphrase?: AskPassphrase
}

const defaultKeys = ['id_ed25519', 'id_ecdsa', 'id_rsa', 'id_ed25519_sk', 'id_ecdsa_sk']
const defaultTimeout = 20_000
const maxJumps = 8

/** Resolves where a host is and what opens it. Rejects with {@link TransportError} when the configuration can not be followed. */
export async function resolveTarget(spec: SshSpec, surroundings: SshSurroundings): Promise<SshTarget> {
  const file = surroundings.configFile ?? join(surroundings.home, '.ssh', 'config')
  const config = await loadSshConfig(file, surroundings.home).catch((error: unknown) => {
    throw unusable(spec.host, `${file} can not be read: ${(error as Error).message}`, 'Correct the file.', error)
  })
  return resolve(spec, { ...surroundings, config, jumps: 0 })
}

interface Context extends SshSurroundings {
  readonly config: SshConfig
  readonly jumps: number
}

async function resolve(spec: SshSpec, context: Context): Promise<SshTarget> {
  const values = context.config.valuesFor(spec.address, spec.user)
  const address = values.first('hostname')?.replaceAll('%h', spec.address).replaceAll('%%', '%') ?? spec.address
  const user = spec.user ?? values.first('user') ?? context.username
  const expand = (path: string): string =>
    expandPath(path, { home: context.home, host: address, user, env: context.env, localUser: context.username })
  const bastion = await resolveBastion(spec, values, context)
  return {
    host: spec.host,
    address,
    port: spec.port ?? Number(values.first('port') ?? 22),
    user,
    identityFiles: await identityFiles(spec, values, expand, context.home),
    identitiesOnly: values.first('identitiesonly')?.toLowerCase() === 'yes',
    agent: agentSocket(values, expand, context.env),
    knownHostsFiles: knownHostsFiles(spec, values, expand, context.home),
    connectTimeout: Number(values.first('connecttimeout') ?? 0) * 1000 || defaultTimeout,
    ...(context.askPassphrase === undefined ? {} : { passphrase: context.askPassphrase }),
    ...(spec.hostKey === undefined ? {} : { hostKey: spec.hostKey }),
    ...(bastion === undefined ? {} : { bastion }),
  }
}

type Expand = (path: string) => string

async function identityFiles(spec: SshSpec, values: ConfigValues, expand: Expand, home: string): Promise<string[]> {
  const named = spec.identityFile === undefined ? values.all('identityfile') : [spec.identityFile]
  if (named.length > 0) return named.filter((file) => file.toLowerCase() !== 'none').map((file) => expand(file))
  const files = defaultKeys.map((name) => join(home, '.ssh', name))
  const present = await Promise.all(
    files.map(async (file) =>
      access(file).then(
        () => true,
        () => false,
      ),
    ),
  )
  return files.filter((_file, index) => present[index])
}

function agentSocket(values: ConfigValues, expand: Expand, env: Context['env']): string | undefined {
  const named = values.first('identityagent') ?? 'SSH_AUTH_SOCK'
  if (named.toLowerCase() === 'none') return undefined
  return (named === 'SSH_AUTH_SOCK' ? env['SSH_AUTH_SOCK'] : expand(named)) || undefined
}

/** A file that keeps nothing (Vagrant names /dev/null) counts as none: host keys are always checked. */
function knownHostsFiles(spec: SshSpec, values: ConfigValues, expand: Expand, home: string): string[] {
  const named = spec.knownHostsFile === undefined ? values.all('userknownhostsfile') : [spec.knownHostsFile]
  const kept = named.filter((file) => file !== '/dev/null' && file.toLowerCase() !== 'none').map((file) => expand(file))
  const own = kept.length > 0 ? kept : [join(home, '.ssh', 'known_hosts'), join(home, '.ssh', 'known_hosts2')]
  return [...own, '/etc/ssh/ssh_known_hosts']
}

async function resolveBastion(spec: SshSpec, values: ConfigValues, context: Context): Promise<SshTarget | undefined> {
  const jumped = { ...context, jumps: context.jumps + 1 }
  if (spec.bastion !== undefined) return resolve({ ...spec.bastion, host: spec.host }, jumped)
  const jump = values.first('proxyjump')
  if (jump === undefined) {
    const command = values.first('proxycommand')
    if (command === undefined || command.toLowerCase() === 'none') return undefined
    throw unusable(
      spec.host,
      `the ProxyCommand for ${spec.address} in ~/.ssh/config is not supported`,
      'Write ProxyJump instead, or name a bastion in the inventory.',
    )
  }
  if (jump.toLowerCase() === 'none') return undefined
  if (context.jumps === maxJumps)
    throw unusable(
      spec.host,
      `ProxyJump in ~/.ssh/config leads in a circle at ${spec.address}`,
      'Correct ~/.ssh/config.',
    )
  return jump.split(',').reduce<Promise<SshTarget | undefined>>(async (before, hop) => {
    const inner = await before
    const target = await resolve({ ...parseHop(hop.trim()), host: spec.host }, jumped)
    return inner === undefined ? target : { ...target, bastion: inner }
  }, Promise.resolve(undefined))
}

/** `[user@]host[:port]` or `ssh://[user@]host[:port]`; an IPv6 address stands in brackets. */
function parseHop(hop: string): Pick<SshSpec, 'address' | 'port' | 'user'> {
  const [, user, bracketed, plain, port] =
    /^(?:ssh:\/\/)?(?:(.+)@)?(?:\[([^\]]+)\]|([^:]+|.*:.*:.*?))(?::(\d+))?\/?$/.exec(hop) ?? []
  return { address: bracketed ?? plain ?? hop, user, port: port === undefined ? undefined : Number(port) }
}

function unusable(host: string, message: string, hint: string, cause?: unknown): TransportError {
  return new TransportError(host, 'unreachable', message, hint, cause)
}
