import type { Facts } from '../host/facts.ts'
import { factsScript, parseFacts } from '../host/facts-script.ts'
import { connectionError } from '../host/connection-error.ts'
import type { Cluster, Host } from '../inventory/cluster.ts'
import { observedScript, parseObserved } from '../kubernetes/observed-script.ts'
import type { Observed } from '../kubernetes/observed.ts'
import { lines, sh } from '../transport/command.ts'
import { TransportError, type Transport } from '../transport/transport.ts'
import { settle } from './settle.ts'

const boundary = '=kubewright-observed='

/** Reads the facts of all hosts and, in the same execution, what the control planes know of the cluster. */
export async function survey(
  cluster: Cluster,
  hosts: readonly Host[],
  transports: ReadonlyMap<string, Transport>,
): Promise<{ facts: ReadonlyMap<string, Facts>; observed: Observed }> {
  const answers = await settle(hosts.map((host) => surveyHost(cluster, host, transports.get(host.name))))
  const known = answers.flatMap(({ name, observed }): [string, string][] =>
    observed === undefined ? [] : [[name, observed]],
  )
  return {
    facts: new Map(answers.map(({ name, facts }) => [name, facts])),
    observed: parseObserved(new Map(known)),
  }
}

async function surveyHost(
  cluster: Cluster,
  host: Host,
  transport: Transport | undefined,
): Promise<{ name: string; facts: Facts; observed: string | undefined }> {
  if (transport === undefined) throw new Error(`no connection for host ${host.name}`)
  const controlPlane = host.roles.includes('control-plane')
  const more = controlPlane ? [sh`echo; echo ${boundary}`, observedScript(host, cluster)] : []
  const sentAt = Date.now()
  const { stdout } = await transport
    .exec(lines(factsScript(host, cluster), ...more), { readOnly: true })
    .catch((thrown: unknown) => {
      throw thrown instanceof TransportError ? connectionError(thrown) : thrown
    })
  const [facts = '', observed] = stdout.toString('utf8').split(`\n${boundary}\n`)
  return { name: host.name, facts: parseFacts(facts, host, { sentAt, receivedAt: Date.now() }), observed }
}
