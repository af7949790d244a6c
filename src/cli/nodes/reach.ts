import { KubewrightError, KubewrightErrors } from '../../engine/errors.ts'
import type { Emit } from '../../engine/events.ts'
import type { Cluster, Host } from '../../inventory/cluster.ts'
import { isControlPlane, isNode, isWorker } from '../../inventory/roles.ts'
import { isNodeLocal, isVirtualIP } from '../../kubernetes/node.ts'
import { observedScript, parseObserved } from '../../kubernetes/observed-script.ts'
import type { Playbook } from '../../playbook/load.ts'
import type { Transport } from '../../transport/transport.ts'
import { closeAll, connectAll, connectHosts, type Connections } from '../connect.ts'
import { limitedHosts } from '../limit.ts'
import { firstLiving } from './first-living.ts'
import type { Intention } from './intention.ts'

/** The hosts that a run has reached, in the order in which they are asked, and what people should know of the others. */
export interface Reached {
  readonly hosts: readonly Host[]
  readonly transports: ReadonlyMap<string, Transport>
  readonly notices: readonly string[]
}

type Connect = (hosts: readonly Host[], signal?: AbortSignal) => Promise<Connections>

interface ReachOptions {
  readonly emit: Emit
  readonly abort: AbortSignal
}

/**
 * Connects to the hosts of a run on the whole cluster, or on a part of it. Control planes and hosts of etcd outside of that part
 * are read, too; one of those may be missing if a control plane lives, which knows the cluster.
 */
export async function reachAll(
  cluster: Cluster,
  { destroys = false }: Playbook,
  options: ReachOptions & { readonly limit: readonly string[] },
): Promise<Reached> {
  const { limit } = options
  const hosts = destroys ? limitedHosts(cluster, limit) : cluster.hosts
  const required = limit.length === 0 ? hosts : hosts.filter(({ name }) => limit.includes(name))
  const others = hosts.filter((host) => !required.includes(host) && !isWorker(host))
  const connected = (host: string): void => options.emit({ type: 'host-connected', host })
  const outside = connectHosts(others, { signal: options.abort, connected })
  const inside = await connectAll(cluster, required, options).catch(async (thrown: unknown) => {
    await closeAll((await outside).transports)
    throw thrown
  })
  const { transports: more, errors: missing } = await outside
  const transports = new Map([...inside, ...more])
  const answering = hosts.filter(({ name }) => transports.has(name))
  if (missing.length > 0 && !(await anyLives(cluster, answering.filter(isControlPlane), transports))) {
    await closeAll(transports)
    throw new KubewrightErrors(missing)
  }
  return {
    hosts: answering,
    transports,
    notices: missing.map(leftOut),
  }
}

/**
 * Connects to those whom a change of nodes concerns, however large the cluster is: one control plane that lives, the host that
 * comes, the host that goes, and, when control planes change, those who are told of it and the hosts of etcd.
 */
export async function reachFor(intention: Intention, { emit, abort }: ReachOptions): Promise<Reached> {
  const connected = (host: string): void => emit({ type: 'host-connected', host })
  const connect: Connect = async (hosts, signal = abort) => connectHosts(hosts, { signal, connected })
  const { joining, leaving, reached } = intention
  const needed = reached && leaving !== undefined ? [...joining, leaving] : joining
  const leading = livingControlPlane(intention, { connect, abort })
  const [required, optional, members, leader] = await Promise.all([
    connect(needed),
    leading.then(async ({ transports }) => connect(toldBy(intention).filter(({ name }) => !transports.has(name)))),
    connect(membersFor(intention)),
    leading,
  ])
  const transports = new Map([
    ...leader.transports,
    ...members.transports,
    ...required.transports,
    ...optional.transports,
  ])
  const errors = [
    ...required.errors.map((error) => withRemedy(error, intention)),
    ...(leader.transports.size === 0 ? [noControlPlane(), ...leader.errors] : []),
    ...(members.transports.size === 0 ? members.errors : []),
  ]
  if (errors.length > 0) {
    await closeAll(transports)
    throw new KubewrightErrors(errors)
  }
  const known = [...intention.cluster.hosts, ...(leaving === undefined ? [] : [leaving])]
  return {
    hosts: [...transports.keys()].flatMap((name) => known.find((host) => host.name === name) ?? []),
    transports,
    notices: [
      ...members.errors.map(leftOut),
      ...optional.errors.map(
        ({ details: { host = '' } }) => `${host} does not answer: it learns of the control planes by the next apply.`,
      ),
    ],
  }
}

/** Who is told of control planes that come and go: workers with a proxy of their own, and those that hold a virtual address. */
function toldBy({ cluster, joining, leaving }: Intention): readonly Host[] {
  const changed = [...joining, ...(leaving === undefined ? [] : [leaving])]
  if (!changed.some(isControlPlane)) return []
  const told = (host: Host): boolean =>
    (isNodeLocal(cluster) && isWorker(host)) || (isVirtualIP(cluster) && isControlPlane(host))
  return cluster.hosts.filter((host) => told(host) && !joining.includes(host))
}

/** The hosts of etcd, of which one signs the certificate by which a new API server comes to them all. */
function membersFor({ cluster, joining }: Intention): readonly Host[] {
  return joining.some(isControlPlane) ? cluster.hosts.filter((host) => !isNode(host)) : []
}

/** The first control plane that stays and whose API server answers; the errors of all of them, if there is none. */
async function livingControlPlane(
  { cluster, joining }: Intention,
  { connect, abort }: { readonly connect: Connect; readonly abort: AbortSignal },
): Promise<Connections> {
  const staying = cluster.hosts.filter((each) => isControlPlane(each) && !joining.includes(each))
  const ask = async (host: Host, signal: AbortSignal, reached: () => void): Promise<Connections> => {
    const connections = await connect([host], signal)
    const transport = connections.transports.get(host.name)
    if (transport !== undefined) reached()
    if (transport === undefined || (await lives(cluster, host, transport))) return connections
    await transport.close()
    return { transports: new Map(), errors: [] }
  }
  return firstLiving(staying, ask, { abort })
}

async function anyLives(
  cluster: Cluster,
  hosts: readonly Host[],
  transports: ReadonlyMap<string, Transport>,
): Promise<boolean> {
  for (const host of hosts) {
    const transport = transports.get(host.name)
    if (transport !== undefined && (await lives(cluster, host, transport))) return true
  }
  return false
}

/** Milliseconds; a host that has been reached and says nothing for so long is as good as dead. */
const livingLimit = 30_000

async function lives(cluster: Cluster, host: Host, transport: Transport): Promise<boolean> {
  const options = { readOnly: true, timeout: livingLimit } as const
  const output = await transport.exec(observedScript(host, cluster), options).catch(() => undefined)
  return output !== undefined && parseObserved(new Map([[host.name, output.stdout.toString('utf8')]])).api === 'up'
}

function leftOut({ details: { host = '' } }: KubewrightError): string {
  return `${host} does not answer; it is left out.`
}

function noControlPlane(): KubewrightError {
  return new KubewrightError({
    code: 'KW5022',
    exit: 'connection',
    message: 'No control plane that stays answers with its API server, and nodes come and go through one',
    hint: 'kubewright status shows what they are like. A cluster that does not exist yet is made by kubewright apply.',
  })
}

/** What helps with a host that comes or goes is not what helps with those that the inventory has and keeps. */
function withRemedy(error: KubewrightError, { before, joining, leaving, reached }: Intention): KubewrightError {
  const { hint, ...details } = error.details
  const { host } = details
  const by = joining.find(({ name }) => name === host && !before.hosts.some((known) => known.name === name))
  if (by !== undefined && leaving !== undefined) {
    const trust = `\`kubewright trust ${leaving.name} --with ${by.name}=${by.ssh.address}\``
    return new KubewrightError({ ...details, hint: hint.replace('`kubewright trust`', trust) })
  }
  if (!reached || host !== leaving?.name) return error
  return new KubewrightError({
    ...details,
    hint: `${hint} If the host is dead for good, add --offline: nobody goes there then.`,
  })
}
