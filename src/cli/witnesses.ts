import { scriptFile } from '../host/script.ts'
import type { Cluster } from '../inventory/cluster.ts'
import { isWorker } from '../inventory/roles.ts'
import { etcdFunctions } from '../kubernetes/etcd-members.ts'
import { runsEtcd } from '../kubernetes/etcd-topology.ts'
import { lines, sh } from '../transport/command.ts'
import type { Transport } from '../transport/transport.ts'
import { connectHosts } from './connect.ts'
import type { Reached } from './nodes/reach.ts'

/** What a run that destroys has reached beside its hosts: those who know whether the cluster counts on them, and are only read. */
export interface Witnessed extends Pick<Reached, 'hosts' | 'transports'> {
  readonly witnesses: ReadonlyMap<string, Transport>
}

/**
 * Connects to the control planes and hosts of etcd that a run has nothing to destroy on, as far as they answer. One of them takes
 * part in the run where members of etcd are to go: it keeps a snapshot.
 */
export async function withWitnesses(
  cluster: Cluster,
  { hosts, transports }: Pick<Reached, 'hosts' | 'transports'>,
  signal: AbortSignal,
): Promise<Witnessed> {
  const others = cluster.hosts.filter((host) => !hosts.includes(host) && !isWorker(host))
  const { transports: asked } = await connectHosts(others, { signal })
  const keeper = hosts.some((host) => runsEtcd(cluster, host)) ? await keeperAmong(cluster, asked) : undefined
  if (keeper === undefined) return { hosts, transports, witnesses: asked }
  return {
    hosts: [...hosts, ...others.filter(({ name }) => name === keeper.host)],
    transports: new Map([...transports, [keeper.host, keeper]]),
    witnesses: new Map([...asked].filter(([name]) => name !== keeper.host)),
  }
}

/** The first whose own member is healthy, else the first whose member answers: without a majority it still has what it knows. */
export async function keeperAmong(
  cluster: Cluster,
  asked: ReadonlyMap<string, Transport>,
): Promise<Transport | undefined> {
  const members = cluster.hosts.filter((host) => runsEtcd(cluster, host)).flatMap(({ name }) => asked.get(name) ?? [])
  const answers = await Promise.all(members.map(answerOf))
  return members.find((_, index) => answers[index] === 'healthy') ?? members.find((_, index) => answers[index] !== '')
}

/** `healthy`, `answers`, or nothing. */
async function answerOf(member: Transport): Promise<string> {
  const script = lines(etcdFunctions, scriptFile('etcd/leave.sh'), sh`kw_etcd_here`)
  const output = await member.exec(script, { readOnly: true, timeout: 30_000 }).catch(() => undefined)
  return output?.stdout.toString('utf8').trim() ?? ''
}
