import { homedir, userInfo } from 'node:os'
import { KubewrightError, KubewrightErrors, errorsIn } from '../engine/errors.ts'
import type { Emit } from '../engine/events.ts'
import { connectionError } from '../host/connection-error.ts'
import type { Cluster, Host } from '../inventory/cluster.ts'
import type { SshSurroundings } from '../transport/ssh-config.ts'
import type { SshTarget } from '../transport/target.ts'
import { sh } from '../transport/command.ts'
import { TransportError, type Transport } from '../transport/transport.ts'
import { passphrasePrompt } from './passphrase.ts'

/** What connecting depends on besides the inventory; everything has the person's own as its default. */
export interface ConnectOptions {
  readonly signal?: AbortSignal
  /** Called for each host as soon as it answers. */
  readonly connected?: (host: string) => void
  readonly surroundings?: SshSurroundings
}

/** The hosts that answered, in the order that was asked for, and why the others did not. */
export interface Connections {
  readonly transports: ReadonlyMap<string, Transport>
  readonly errors: readonly KubewrightError[]
}

/** Connects to several hosts at once; resolves when each has answered or failed, and never rejects. */
export async function connectHosts(hosts: readonly Host[], options: ConnectOptions = {}): Promise<Connections> {
  const surroundings = options.surroundings ?? ownSurroundings()
  const outcomes = await Promise.all(
    hosts.map(async (host): Promise<Transport | readonly KubewrightError[]> => {
      try {
        const transport = await connectHost(host, surroundings, options.signal)
        options.connected?.(host.name)
        return transport
      } catch (thrown) {
        return connectionErrors(host.name, thrown)
      }
    }),
  )
  return {
    transports: new Map(outcomes.flatMap((outcome) => ('exec' in outcome ? [[outcome.host, outcome] as const] : []))),
    errors: outcomes.flatMap((outcome) => ('exec' in outcome ? [] : outcome)),
  }
}

/** Connects to all of the hosts, or closes what it has opened and rejects with the errors of all hosts at once. */
export async function connectAll(
  _cluster: Cluster,
  hosts: readonly Host[],
  options: { readonly emit: Emit; readonly abort: AbortSignal },
): Promise<ReadonlyMap<string, Transport>> {
  const connected = (host: string): void => options.emit({ type: 'host-connected', host })
  const { transports, errors } = await connectHosts(hosts, { signal: options.abort, connected })
  if (errors.length === 0) return transports
  // The run ends here, so that it shall end with what is wrong with the others, too.
  const others = await Promise.all([...transports.values()].map(lookAt))
  await closeAll(transports)
  const lost = others.some(({ isNode }) => isNode)
    ? errors.map((error) => goingOn(error, [...transports.keys()]))
    : errors
  throw new KubewrightErrors([...lost, ...others.flatMap((other) => other.errors)])
}

/** Closes connections, whatever has become of them. */
export async function closeAll(transports: ReadonlyMap<string, Transport>): Promise<void> {
  await Promise.allSettled([...transports.values()].map(async (transport) => transport.close()))
}

/** Whether a host that lets us in is part of a cluster, or why nothing can be run there (no sudo, say). */
async function lookAt(transport: Transport): Promise<{ isNode: boolean; errors: readonly KubewrightError[] }> {
  return transport.exec(sh`[ -e /var/lib/kubewright/cluster.json ]`, { readOnly: true }).then(
    ({ code }) => ({ isNode: code === 0, errors: [] }),
    (thrown: unknown) => ({ isNode: false, errors: connectionErrors(transport.host, thrown) }),
  )
}

/** A host of a cluster that lives is lost: the others can be looked after without it, and it can be replaced. */
function goingOn(error: KubewrightError, others: readonly string[]): KubewrightError {
  const { host = '', hint } = error.details
  const ways = `The others are looked after by --limit ${others.join(',')}. If ${host} is lost for good: kubewright node replace ${host}, or kubewright node remove ${host} --offline.`
  return new KubewrightError({ ...error.details, hint: `${hint} ${ways}` })
}

/** Where a host of the inventory is and what opens it; rejects with `TransportError`. */
export async function targetOf(host: Host, surroundings: SshSurroundings): Promise<SshTarget> {
  const { resolveTarget } = await import('../transport/ssh-config.ts')
  return resolveTarget({ host: host.name, ...host.ssh }, surroundings)
}

/** The environment, the home directory and the terminal of whoever runs this process. */
export function ownSurroundings(): SshSurroundings {
  const askPassphrase = passphrasePrompt(process.stdin, process.stderr)
  return {
    env: process.env,
    home: homedir(),
    username: userInfo().username,
    ...(askPassphrase === undefined ? {} : { askPassphrase }),
  }
}

/** The errors for a person behind whatever connecting to a host threw. */
export function connectionErrors(host: string, thrown: unknown): readonly KubewrightError[] {
  if (thrown instanceof TransportError) return [connectionError(thrown)]
  return errorsIn(thrown).map((error) => new KubewrightError({ host, ...error.details }))
}

async function connectHost(
  host: Host,
  surroundings: SshSurroundings,
  signal: AbortSignal | undefined,
): Promise<Transport> {
  if (host.connection === 'local') return (await import('../transport/local.ts')).connectLocal(host.name)
  const [{ connectSsh }, target] = await Promise.all([import('../transport/ssh.ts'), targetOf(host, surroundings)])
  return connectSsh(target, signal === undefined ? {} : { signal })
}
