import type { Facts } from '../host/facts.ts'
import { factsScript, parseFacts } from '../host/facts-script.ts'
import { connectionError } from '../host/connection-error.ts'
import type { Cluster, Host } from '../inventory/cluster.ts'
import { isControlPlane, isNode, isWorker } from '../inventory/roles.ts'
import { observedScript, parseObserved } from '../kubernetes/observed-script.ts'
import type { Observed } from '../kubernetes/observed.ts'
import { lines, sh } from '../transport/command.ts'
import { TransportError, type Transport } from '../transport/transport.ts'
import { readExternalEtcd } from './external-etcd.ts'
import { settle } from './settle.ts'

const boundary = '=kubewright-observed='

interface SurveyOptions {
  /** Hosts with the state of the cluster that nothing is done on: only that is used, and one that fails is left out. */
  readonly witnesses?: ReadonlyMap<string, Transport>
  /** Whether an external etcd is asked, too. */
  readonly asksEtcd: boolean
}

/**
 * Reads the facts of all hosts and, in the same execution, what the control planes and the hosts of etcd know of the cluster; then
 * what the control planes see of an external etcd.
 */
export async function survey(
  cluster: Cluster,
  hosts: readonly Host[],
  transports: ReadonlyMap<string, Transport>,
  { witnesses = new Map(), asksEtcd }: SurveyOptions,
): Promise<{ facts: ReadonlyMap<string, Facts>; observed: Observed }> {
  const asked = Promise.allSettled(
    cluster.hosts
      .filter(({ name }) => witnesses.has(name))
      .map((host) => surveyHost(cluster, host, witnesses.get(host.name))),
  )
  const answers = await settle(hosts.map((host) => surveyHost(cluster, host, transports.get(host.name))))
  const told = (await asked).flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  const known = new Map([...answers, ...told].map(({ name, observed }) => [name, observed]))
  const viewsOf = (those: readonly Host[]): ReadonlyMap<string, string> =>
    new Map(
      those.flatMap(({ name }): [string, string][] => {
        const view = known.get(name)
        return view === undefined ? [] : [[name, view]]
      }),
    )
  const etcdHosts = cluster.hosts.filter((host) => !isNode(host))
  return {
    facts: new Map(answers.map(({ name, facts }) => [name, facts])),
    observed: {
      ...parseObserved(viewsOf(cluster.hosts.filter(isControlPlane)), viewsOf(etcdHosts)),
      externalEtcd: asksEtcd ? await readExternalEtcd(cluster, transports) : [],
    },
  }
}

async function surveyHost(
  cluster: Cluster,
  host: Host,
  transport: Transport | undefined,
): Promise<{ name: string; facts: Facts; observed: string | undefined }> {
  if (transport === undefined) throw new Error(`no connection for host ${host.name}`)
  const more = isWorker(host) ? [] : [sh`echo; echo ${boundary}`, observedScript(host, cluster)]
  const sentAt = Date.now()
  const { stdout } = await transport
    .exec(lines(factsScript(host, cluster), ...more), { readOnly: true })
    .catch((thrown: unknown) => {
      throw thrown instanceof TransportError ? connectionError(thrown) : thrown
    })
  const [facts = '', observed] = stdout.toString('utf8').split(`\n${boundary}\n`)
  return { name: host.name, facts: parseFacts(facts, host, { sentAt, receivedAt: Date.now() }), observed }
}
