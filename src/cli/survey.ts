import type { Facts } from '../host/facts.ts'
import { factsScript, parseFacts } from '../host/facts-script.ts'
import { connectionError } from '../host/connection-error.ts'
import type { Cluster, Host } from '../inventory/cluster.ts'
import { isNode } from '../kubernetes/node.ts'
import { observedScript, parseObserved } from '../kubernetes/observed-script.ts'
import type { Observed } from '../kubernetes/observed.ts'
import { lines, sh } from '../transport/command.ts'
import { TransportError, type Transport } from '../transport/transport.ts'
import { readExternalEtcd } from './external-etcd.ts'
import { settle } from './settle.ts'

const boundary = '=kubewright-observed='

/** Reads the facts of all hosts and, in the same execution, what the control planes and the hosts of etcd know of the cluster; then what they see of an external etcd. */
export async function survey(
  cluster: Cluster,
  hosts: readonly Host[],
  transports: ReadonlyMap<string, Transport>,
  { asksEtcd }: { readonly asksEtcd: boolean },
): Promise<{ facts: ReadonlyMap<string, Facts>; observed: Observed }> {
  const answers = await settle(hosts.map((host) => surveyHost(cluster, host, transports.get(host.name))))
  const saidBy = (wanted: (host: Host) => boolean): ReadonlyMap<string, string> =>
    new Map(
      answers.flatMap(({ host, observed }) => (observed === undefined || !wanted(host) ? [] : [[host.name, observed]])),
    )
  return {
    facts: new Map(answers.map(({ host, facts }) => [host.name, facts])),
    observed: {
      ...parseObserved(
        saidBy(isNode),
        saidBy((host) => !isNode(host)),
      ),
      externalEtcd: asksEtcd ? await readExternalEtcd(cluster, transports) : [],
    },
  }
}

async function surveyHost(
  cluster: Cluster,
  host: Host,
  transport: Transport | undefined,
): Promise<{ host: Host; facts: Facts; observed: string | undefined }> {
  if (transport === undefined) throw new Error(`no connection for host ${host.name}`)
  const hasState = host.roles.includes('control-plane') || !isNode(host)
  const more = hasState ? [sh`echo; echo ${boundary}`, observedScript(host)] : []
  const sentAt = Date.now()
  const { stdout } = await transport
    .exec(lines(factsScript(host, cluster), ...more), { readOnly: true })
    .catch((thrown: unknown) => {
      throw thrown instanceof TransportError ? connectionError(thrown) : thrown
    })
  const [facts = '', observed] = stdout.toString('utf8').split(`\n${boundary}\n`)
  return { host, facts: parseFacts(facts, host, { sentAt, receivedAt: Date.now() }), observed }
}
