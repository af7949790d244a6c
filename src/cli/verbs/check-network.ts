import { causesOf } from '../../check/explain.ts'
import { judgedCells } from '../../check/judge.ts'
import { networkCheck } from '../../check/network.ts'
import { type NetworkReport, parseReport } from '../../check/report.ts'
import { KubewrightError } from '../../engine/errors.ts'
import { connectionError } from '../../host/connection-error.ts'
import { probePrelude } from '../../host/probe.ts'
import type { Cluster } from '../../inventory/cluster.ts'
import { loadInventory } from '../../inventory/load.ts'
import { isNode } from '../../inventory/roles.ts'
import { lines } from '../../transport/command.ts'
import { type Session, type Transport, TransportError } from '../../transport/transport.ts'
import { type NetworkFindings, networkText } from '../check/text.ts'
import { limitedHosts } from '../limit.ts'
import { withSomeHost } from '../remote.ts'
import { counted } from '../render/text.ts'
import type { Invocation, Verb } from '../verb.ts'

/** Tries the network of the cluster with pods on its nodes, which are gone when it ends; fails if anything of it does. */
export const checkNetwork: Verb = async (invocation) => {
  const { flags, io, screen } = invocation
  const { cluster } = await loadInventory(flags.inventory)
  const nodes = limitedHosts(cluster, flags.limit)
    .filter(isNode)
    .map(({ name }) => name)
  const controlPlanes = cluster.hosts.filter(({ roles }) => roles.includes('control-plane'))
  return withSomeHost(invocation, controlPlanes, async (transports) => {
    if (io.stderr.isTTY === true) screen.say(`Trying the network with pods on ${counted(nodes.length, 'node')} ...`)
    const session = await someSession(cluster, nodes, [...transports.values()])
    invocation.interruption.beforeEnd(async () => session.end())
    const report = await read(session)
    const cells = judgedCells(report, cluster)
    const found = { nodes: report.nodes, cells, causes: causesOf(report, cells, cluster) }
    show(invocation, cluster, found)
    await session.ended // and with it what was made in the cluster
    return found.causes.length === 0 ? 'success' : 'unhealthy'
  })
}

/** The check on the first control plane whose API answers; nothing is made in the cluster before that is known. */
async function someSession(
  cluster: Cluster,
  nodes: readonly string[],
  transports: readonly Transport[],
): Promise<Session> {
  const script = lines(probePrelude, networkCheck(cluster, nodes))
  const answers: string[] = []
  for (const transport of transports) {
    const session = await transport.open(script).catch((thrown: unknown) => {
      throw thrown instanceof TransportError ? connectionError(thrown) : thrown
    })
    const first = await session.line()
    if (first === 'ready') return session
    answers.push(first ?? '')
    session.end()
  }
  throw new KubewrightError({
    code: 'KW5009',
    exit: 'refused',
    message: answers.every((answer) => answer === 'absent')
      ? 'There is no cluster yet whose network could be checked'
      : 'The API does not answer, so no pods can be made that check the network',
    hint: answers.every((answer) => answer === 'absent')
      ? 'Install the cluster first: kubewright apply'
      : 'See what is wrong with it: kubewright status',
  })
}

/** Reads until the result is complete; what is removed after that is not waited for. */
async function read(session: Session): Promise<NetworkReport> {
  const said: string[] = []
  for (let line = await session.line(); line !== undefined; line = await session.line()) {
    said.push(line)
    if (line === 'end') break
  }
  const report = parseReport(said)
  if (report.complete && report.errors.length === 0) return report
  throw new KubewrightError({
    code: 'KW5010',
    exit: 'unhealthy',
    message: report.errors.length > 0 ? 'The pods of the check could not be made' : 'The check was cut off',
    hint: 'What it has made is removed by itself. Look at the output, and at the cluster: kubewright status',
    output: [...report.errors, ...said.slice(-3)].join('\n'),
  })
}

function show({ flags, screen }: Invocation, cluster: Cluster, found: NetworkFindings): void {
  if (flags.output === 'text') {
    screen.print(networkText(cluster, found, screen.style))
    return
  }
  screen.print(JSON.stringify({ formatVersion: 1, cluster: cluster.name, ...found }, undefined, 2))
}
