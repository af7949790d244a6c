import { errorsIn, KubewrightError } from '../../engine/errors.ts'
import type { Probe } from '../../engine/resource.ts'
import type { ClusterRecord, OperationRecord } from '../../host/facts.ts'
import { probeBatch } from '../../host/probe.ts'
import type { Cluster, Host } from '../../inventory/cluster.ts'
import { isNode } from '../../inventory/roles.ts'
import type { ObservedEndpoint } from '../../kubernetes/external-etcd.ts'
import { sh } from '../../transport/command.ts'
import type { Transport } from '../../transport/transport.ts'
import { readExternalEtcd } from '../external-etcd.ts'
import { readOnly } from '../remote.ts'
import { apiProbe, type ApiStatus } from './api.ts'
import { certificatesProbe } from './certificates.ts'
import { etcdProbe } from './etcd.ts'
import { externalEtcdStatus } from './external-etcd.ts'
import type { ApiServerStatus, CertificateStatus, ClusterStatus, EtcdStatus, NodeStatus } from './model.ts'

/** What one host says. */
interface HostStatus {
  readonly host: Host
  readonly certificates: readonly CertificateStatus[]
  readonly record: ClusterRecord | undefined
  readonly operation: OperationRecord | undefined
  readonly api: ApiStatus | undefined
  readonly etcd: EtcdStatus | undefined
}

/** Reads the status of a cluster from the hosts that answer, one execution each; a host that fails meanwhile joins the others. */
export async function readStatus(
  cluster: Cluster,
  hosts: readonly Host[],
  transports: ReadonlyMap<string, Transport>,
  unreachable: readonly KubewrightError[],
  now: Date,
): Promise<ClusterStatus> {
  const reading = hosts.flatMap((host) => {
    const transport = transports.get(host.name)
    return transport === undefined ? [] : [readHost(host, transport, now)]
  })
  const [outcomes, external] = await Promise.all([Promise.allSettled(reading), seenOfEtcd(cluster, transports)])
  const answers = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? errorsIn(outcome.reason) : []))
  const views = answers.flatMap(({ api }) => (api === undefined ? [] : [api]))
  const api = views.find((view) => view.api === 'up') ?? views.find((view) => view.api === 'down')
  return {
    cluster: cluster.name,
    kubernetesVersion: cluster.kubernetesVersion,
    api: api?.api ?? (views.length === 0 ? 'down' : 'absent'),
    nodes: nodesOf(cluster, api?.nodes ?? []),
    apiServers: apiServersOf(hosts, answers),
    components: api?.components ?? [],
    etcd: [...answers.flatMap(({ etcd }) => (etcd === undefined ? [] : [etcd])), ...externalEtcdStatus(external)],
    addons: api?.addons ?? [],
    certificates: answers.flatMap(({ certificates }) => certificates),
    lastApply: lastApply(cluster, answers),
    unfinished: unfinished(answers),
    unreachable: [...unreachable, ...failures].map(({ details: { host = '', code, message } }) => ({
      host,
      code,
      reason: message,
    })),
  }
}

/** What is found at the endpoints of an external etcd; why nobody could be asked is said for each of them. */
async function seenOfEtcd(
  cluster: Cluster,
  transports: ReadonlyMap<string, Transport>,
): Promise<readonly ObservedEndpoint[]> {
  return readExternalEtcd(cluster, transports).catch((error: unknown) => {
    if (!(error instanceof KubewrightError)) throw error
    const found = { problem: 'silent', message: error.message } as const
    return (cluster.etcd.external?.endpoints ?? []).map((endpoint) => ({ host: '', endpoint, found }))
  })
}

async function readHost(host: Host, transport: Transport, now: Date): Promise<HostStatus> {
  const controlPlane = host.roles.includes('control-plane')
  const member = controlPlane || !isNode(host)
  const certificates = certificatesProbe(host, now)
  const etcd = etcdProbe(host.name)
  const probes = [
    certificates,
    clusterProbe,
    operationProbe,
    ...(controlPlane ? [apiProbe] : []),
    ...(member ? [etcd] : []),
  ]
  const batch = probeBatch(probes)
  const outputs = batch.parse((await readOnly(transport, batch.script, 60_000)).stdout)
  const read = <State>(probe: Probe<State>): State => probe.parse(outputs.get(probe.script.text) ?? '')
  return {
    host,
    certificates: read(certificates),
    record: read(clusterProbe),
    operation: read(operationProbe),
    api: controlPlane ? read(apiProbe) : undefined,
    etcd: member ? read(etcd) : undefined,
  }
}

const clusterProbe = recordProbe<ClusterRecord>('cluster.json')
const operationProbe = recordProbe<OperationRecord>('operation.json')

function recordProbe<Document>(name: string): Probe<Document | undefined> {
  return {
    script: sh`cat ${`/var/lib/kubewright/${name}`}`,
    parse(output) {
      try {
        return JSON.parse(output) as Document
      } catch {
        return undefined
      }
    },
  }
}

/** Each control plane by its own API server; a host that gave no answer is a state, too. */
function apiServersOf(hosts: readonly Host[], answers: readonly HostStatus[]): readonly ApiServerStatus[] {
  const states = new Map(answers.map(({ host, api }) => [host.name, api?.api]))
  const controlPlanes = hosts.filter(({ roles }) => roles.includes('control-plane'))
  return controlPlanes.map(({ name }) => ({ host: name, state: states.get(name) ?? 'unreachable' }))
}

/** The nodes of the API, and those hosts of the inventory that it does not know. */
function nodesOf(cluster: Cluster, known: ApiStatus['nodes']): readonly NodeStatus[] {
  const names = new Set(cluster.hosts.map(({ name }) => name))
  const missing = cluster.hosts.filter((host) => isNode(host) && !known.some(({ name }) => name === host.name))
  return [
    ...known.map((node) => ({ ...node, inInventory: names.has(node.name) })),
    ...missing.map(({ name, roles, nodeIP }) => ({
      name,
      roles,
      ready: undefined,
      schedulable: true,
      version: '',
      addresses: nodeIP === undefined ? [] : [nodeIP],
      inInventory: true,
    })),
  ]
}

function lastApply(cluster: Cluster, answers: readonly HostStatus[]): ClusterStatus['lastApply'] {
  const records = answers.flatMap(({ record }) => (record?.appliedAt === undefined ? [] : [record]))
  const last = records.toSorted((one, other) => (other.appliedAt ?? '').localeCompare(one.appliedAt ?? ''))[0]
  if (last === undefined) return undefined
  return {
    by: last.appliedBy ?? '',
    at: last.appliedAt ?? '',
    current: last.inventory === cluster.inventory.digest,
  }
}

function unfinished(answers: readonly HostStatus[]): ClusterStatus['unfinished'] {
  const operation = answers.find((answer) => answer.operation !== undefined)?.operation
  if (operation === undefined) return undefined
  const { id, playbook, startedBy, startedAt } = operation
  return { id, playbook, by: startedBy, at: startedAt }
}
