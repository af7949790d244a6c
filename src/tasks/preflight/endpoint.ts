import { isIP } from 'node:net'
import type { Finding, Resource } from '../../engine/resource.ts'
import { task } from '../../engine/task.ts'
import { flagValue } from '../../kubernetes/flags.ts'
import { apiServerPort, clusterEndpointUrl, joinHostPort } from '../../kubernetes/node.ts'
import { isFor } from '../../pki/read.ts'
import { answering, forwarding, unresolved, type Answers, type Forwarding } from '../../resources/endpoint-check.ts'
import { sh } from '../../transport/command.ts'
import type { Context } from '../context.ts'
import { controlPlaneNames, leader } from '../control-planes.ts'
import { enumerate, error, warning } from './check.ts'
import { ownership } from './ownership.ts'
import { virtualIPChecks } from './virtual-ip.ts'

const id = 'ControlPlaneEndpoint'

/** Whether an endpoint of the user's own leads to the control planes: to the one that will be the first, or to those that live; whether a virtual address is free. */
export const preflightEndpoint = task<Context>({
  name: 'preflight/endpoint',
  summary: 'Check the endpoint of the API',
  resources(context) {
    const { cluster, observed, host } = context
    const { explicit, provider } = cluster.controlPlaneEndpoint
    if (provider === 'virtual-ip' && ownership(context) !== 'foreign') return virtualIPChecks(context)
    if (!explicit || provider !== 'external' || ownership(context) === 'foreign') return []
    const resolving = isNamePinned(context) ? [] : [resolvable(context)]
    if (!observed.exists) return [...resolving, ...(leader(context) === host.name ? beforeLife(context) : [])]
    const lives = observed.controlPlanes.some((one) => one.host === host.name && one.apiServer === 'up')
    return lives ? [...resolving, inLife(context)] : resolving
  },
})

/** An address needs no name, and that of a single control plane is written into the hosts' own files. */
function isNamePinned(context: Context): boolean {
  return isIP(context.cluster.controlPlaneEndpoint.address) > 0 || controlPlaneNames(context).length === 1
}

function resolvable({ cluster }: Context): Resource<boolean> {
  const { address } = cluster.controlPlaneEndpoint
  return {
    id: 'preflight:EndpointName',
    // A resolver without an answer can take half a minute.
    probe: { script: sh`timeout 5 getent hosts ${address}`, parse: (output) => output.trim() !== '' },
    compare: () => undefined,
    digest: () => undefined,
    examine: (known) =>
      known
        ? []
        : [
            error(
              id,
              `the host cannot resolve ${address}, the endpoint`,
              'Add the name to the DNS that the host asks.',
            ),
          ],
  }
}

function beforeLife(context: Context): readonly Resource<Forwarding>[] {
  const { cluster, facts } = context
  const { address, port } = cluster.controlPlaneEndpoint
  const listenPort = apiServerPort(cluster)
  // Whoever has the port has a finding of its own.
  if (facts.nodeIP === '' || facts.survey.listening.some((one) => one.port === listenPort)) return []
  const listen = joinHostPort(facts.nodeIP, listenPort)
  return [forwarding({ host: address, port, listen }, (state) => forwardingFindings(context, listen, state))]
}

function forwardingFindings(context: Context, listen: string, state: Forwarding): readonly Finding[] {
  const { address, port } = context.cluster.controlPlaneEndpoint
  const endpoint = joinHostPort(address, port)
  const { outcome, reason, others } = state
  if (outcome === 'proved' || reason === unresolved) return []
  if (outcome === 'skipped') {
    const hint = `See yourself that it forwards to ${listen}; apply goes on.`
    return [warning(id, `whether the endpoint ${endpoint} leads to this host was not tried: ${reason}`, hint)]
  }
  const message = `the endpoint ${endpoint} does not lead to this host: ${reason}`
  if (others.length > 0) {
    const why = 'its health check may want more than an open port, which is all that there is before the API server.'
    return [warning(id, `${message}, but a connection from ${enumerate(others)} came to ${listen}`, `Go on if ${why}`)]
  }
  const firewall = ['firewalld', 'ufw', 'nftables'].find(
    (name) => context.facts.survey.units[name]?.active === 'active',
  )
  if (firewall !== undefined) {
    const hint = `Go on if it forwards to ${listen}: apply opens the firewall before anything else needs it.`
    return [warning(id, `${message}; it may be ${firewall} of this host that is in the way`, hint)]
  }
  const hint = `Let it forward TCP to ${listen}. A listener waited there for ${endpoint} and nobody came.`
  return [error(id, message, hint)]
}

function inLife(context: Context): Resource<Answers> {
  const { cluster, facts } = context
  const asked = { server: clusterEndpointUrl(cluster, facts.nodeIP), own: ownCertificate(context) }
  return answering(asked, (state) => answerFindings(context, state))
}

/** The file of the certificate that the API servers have from the inventory. */
function ownCertificate({ cluster }: Context): string | undefined {
  return flagValue(cluster.apiServer.extraArgs, 'tls-cert-file')
}

function answerFindings(context: Context, { answers, lacksName, own }: Answers): readonly Finding[] {
  const { cluster } = context
  const { address, port } = cluster.controlPlaneEndpoint
  const endpoint = joinHostPort(address, port)
  const failures = answers.filter((answer) => answer !== 'ok' && answer !== unresolved)
  const reasons = enumerate([...new Set(failures)])
  if (failures.length > 0 && failures.length === answers.length) {
    const hint = `Let it forward TCP to port ${apiServerPort(cluster)} of ${enumerate(controlPlaneNames(context))}: every node would lose the API by it.`
    return [error(id, `the endpoint ${endpoint} does not lead to the living cluster: ${reasons}`, hint)]
  }
  const dead = warning(
    id,
    `${failures.length} of ${answers.length} connections to the endpoint ${endpoint} fail: ${reasons}`,
    'It forwards to a control plane that does not answer; give it a health check of /readyz, or take that one out.',
  )
  return [...(failures.length > 0 ? [dead] : []), ...(lacksName ? [withoutName(context, endpoint, own)] : [])]
}

/** The API servers' certificates are ours to change, unless the inventory gives them others. */
function withoutName(context: Context, endpoint: string, present: string): Finding {
  const { address } = context.cluster.controlPlaneEndpoint
  const message = `the certificate behind the endpoint ${endpoint} is not for ${address}`
  const own = ownCertificate(context)
  if (own !== undefined && !willHaveName(context, own, present)) {
    return error(id, message, `Add that name to ${own} on the control planes.`)
  }
  return warning(id, message, 'Apply adds the name; until then clients that use it are refused.')
}

/** Whether a certificate that the API servers do not show yet has the name: the one that apply places, or that is there already. */
function willHaveName({ cluster }: Context, own: string, present: string): boolean {
  const placed = cluster.apiServer.files.find(({ path }) => path === own)
  try {
    return isFor(placed?.content ?? present, cluster.controlPlaneEndpoint.address)
  } catch {
    return false // no certificate has no name
  }
}
