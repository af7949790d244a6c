import { X509Certificate } from 'node:crypto'
import semver from 'semver'
import type { Finding } from '../../engine/resource.ts'
import { answeringEndpoints, type EndpointProblem } from '../../kubernetes/external-etcd.ts'
import { flagValue } from '../../kubernetes/flags.ts'
import { minorData } from '../../kubernetes/versions.ts'
import { isNode } from '../../inventory/roles.ts'
import type { Context } from '../context.ts'
import { etcdServers } from '../control-planes.ts'
import { checks, enumerate, error, refusal, speaksForCluster, warning, type Check } from './check.ts'
import { ownership, ownRecord } from './ownership.ts'

/** Whether a cluster of ours lives in this etcd, or was begun there: it shall stay repairable. */
function isOurs(context: Context): boolean {
  // A host that is new may speak for a run that is limited to it; it carries no record yet.
  if (ownRecord(context) === undefined || ownership(context) === 'foreign') return false
  return context.observed.controlPlanes.some(({ apiServer }) => apiServer !== 'absent')
}

/** Each control plane comes to each endpoint, and both trust each other's certificate. */
const reachable: Check = (context) =>
  context.observed.externalEtcd
    .filter(({ host }) => host === context.host.name)
    .flatMap(({ endpoint, found }) => ('problem' in found ? [problemFinding(endpoint, found, isPart(context))] : []))

/** Whether this very host is a part of a cluster of ours in this etcd; a new one that does not reach it would never come up. */
function isPart(context: Context): boolean {
  return ownership(context) === 'ours' && isOurs(context)
}

function problemFinding(endpoint: string, { problem, message }: EndpointProblem, isKnown: boolean): Finding {
  const severe = isKnown ? warning : error
  switch (problem) {
    case 'not-forwarded':
      return warning(
        'ExternalEtcd',
        `${endpoint} was not looked at from this host: its sshd opens no connections for others (${message})`,
        'Allow it while Kubewright runs (AllowTcpForwarding), or see for yourself that the host reaches the endpoint.',
      )
    case 'silent':
      return severe(
        'ExternalEtcdVersion',
        `this host does not reach the external etcd at ${endpoint}: ${message}`,
        'See that etcd runs there and listens on that address, and that no firewall is in between.',
      )
    case 'tls':
      return severe(
        'ExternalEtcdClientCertificates',
        `the external etcd at ${endpoint} and this client do not agree on certificates: ${message}`,
        "caFile has to be the CA of the member's certificate, which names the host of the endpoint; certFile has to come from the CA that etcd has as --trusted-ca-file.",
      )
    case 'answer':
      return severe(
        'ExternalEtcdVersion',
        `what answers at ${endpoint} is not a member of etcd: ${message}`,
        'Name the client URL of a member (--listen-client-urls); its gateway for JSON (--enable-grpc-gateway) has to be on.',
      )
  }
}

/** kubeadm's least version for the Kubernetes version; members that are not well are told. */
const versions: Check = (context) => {
  if (!speaksForCluster(context)) return []
  const least = minorData(context.cluster.kubernetesVersion).minimalExternalEtcd
  return answeringEndpoints(context.observed.externalEtcd).flatMap(({ endpoint, answer }): readonly Finding[] => {
    const { version, errors, leaderId } = answer
    const found = semver.coerce(version)
    const trouble = [...errors, ...(leaderId === '0' ? ['it has no leader'] : [])]
    const unwell = trouble.map((what) =>
      warning('ExternalEtcd', `the external etcd at ${endpoint} is not well: ${what}`, 'Repair it first.'),
    )
    if (found === null || semver.gte(found, least)) return unwell
    const message = `the external etcd at ${endpoint} is ${version}, Kubernetes ${context.cluster.kubernetesVersion} needs ${least} or later`
    return [...unwell, error('ExternalEtcdVersion', message, 'Upgrade etcd first, one minor after the other.')]
  })
}

/** The client certificate and the CA are valid now, and for some time. */
const clientCertificate: Check = (context) => {
  const { external } = context.cluster.etcd
  if (external === undefined || !speaksForCluster(context)) return []
  const { certificate, caCertificate } = external
  const named = {
    'The client certificate for the external etcd': certificate,
    'The CA of the external etcd': caCertificate,
  }
  return Object.entries(named).flatMap(([name, pem]) => {
    const { validFrom, validTo } = new X509Certificate(pem)
    const [notBefore, notAfter] = [new Date(validFrom), new Date(validTo)]
    const days = Math.floor((notAfter.getTime() - context.now.getTime()) / 86_400_000)
    const hint = 'Get a new one from whoever runs that etcd, and name it in spec.etcd.external.'
    const check = 'ExternalEtcdClientCertificates'
    if (days < 0) return [error(check, `${name} has ended on ${notAfter.toISOString().slice(0, 10)}`, hint)]
    if (notBefore > context.now) return [error(check, `${name} is valid from ${notBefore.toISOString()} on`, hint)]
    return days < 30 ? [warning(check, `${name} ends in ${days} days`, hint)] : []
  })
}

/** All endpoints are members of one etcd, which has the objects of this cluster or none. */
const data: Check = (context) => {
  if (!speaksForCluster(context)) return []
  const { cluster, observed } = context
  const answers = answeringEndpoints(observed.externalEtcd)
  const [first] = answers
  if (first === undefined) return []
  const others = answers.filter(({ answer }) => answer.clusterId !== first.answer.clusterId)
  if (others.length > 0) {
    const names = others.map(({ endpoint }) => endpoint)
    const message = `the endpoints of the external etcd are members of different clusters: ${enumerate(names)} and ${first.endpoint}`
    return [refusal('ExternalEtcd', message, 'Name the members of one etcd ("etcdctl member list" shows them).')]
  }
  return objectFindings(
    context,
    answers.map(({ answer }) => answer.hasObjects),
    flagValue(cluster.apiServer.extraArgs, 'etcd-prefix') ?? '/registry',
  )
}

function objectFindings(context: Context, found: readonly (boolean | undefined)[], prefix: string): readonly Finding[] {
  const has = found.includes(true)
  if (isOurs(context)) {
    if (has || context.observed.api !== 'up' || found.includes(undefined)) return []
    const message = `the external etcd has nothing below ${prefix}: the objects of this living cluster are elsewhere`
    return [
      refusal('ExternalEtcdData', message, 'Set spec.etcd.external back to the etcd that this cluster was made with.'),
    ]
  }
  if (!has) return []
  const message = `the external etcd has objects below ${prefix} already: those of another cluster, or of an earlier one`
  const hint = `Give this cluster a prefix of its own (apiServer.extraArgs: { etcd-prefix: /${context.cluster.name} }); if nobody needs them, delete them with "etcdctl del ${prefix}/ --prefix".`
  return [error('ExternalEtcdData', message, hint)]
}

/** A living cluster's etcd does not move: the API servers would start without their objects. */
const topology: Check = (context) => {
  if (!speaksForCluster(context) || !isOurs(context)) return []
  const { controlPlanes } = context.observed
  const living = [...new Set(controlPlanes.flatMap(({ etcdElsewhere }) => etcdElsewhere))]
  const wasBeside = living.length === 0 || controlPlanes.some(({ hasEtcdData }) => hasEtcdData)
  const wanted = etcdServers(context)
  const moves = wanted === undefined ? !wasBeside : wasBeside || !living.some((server) => wanted.includes(server))
  if (!moves) return []
  const message = `the living cluster has its etcd ${place(wasBeside ? undefined : living)}, the inventory has it ${place(wanted)}; apply cannot move it, because the API servers would start without their objects`
  return [refusal('EtcdTopology', message, 'Put etcd back in the inventory to where it is.')]
}

function place(servers: readonly string[] | undefined): string {
  return servers === undefined ? 'on its control planes' : `at ${enumerate(servers)}`
}

/** Members that all have lost their data would begin a new etcd, in which nothing of the cluster is. */
const lostData: Check = (context) => {
  const { etcdHosts } = context.observed
  if (etcdHosts.length === 0 || !speaksForCluster(context) || !isOurs(context)) return []
  if (etcdHosts.some(({ hasEtcdData }) => hasEtcdData)) return []
  const asked = etcdHosts.map(({ host }) => host)
  const silent = context.cluster.hosts.filter((host) => !isNode(host) && !asked.includes(host.name))
  if (silent.length > 0) {
    const names = enumerate(silent.map(({ name }) => name))
    const message = `none of ${enumerate(asked)} has data of etcd, and ${names} could not be asked: apply would begin an empty one`
    return [refusal('EtcdLost', message, `Run it when ${names} can be reached: who has lost the data joins them.`)]
  }
  const message = `the cluster has API servers, but none of ${enumerate(asked)} has data of etcd: apply would begin an empty one`
  return [refusal('EtcdLost', message, 'Restore the data from a backup, or reset all hosts for a new cluster.')]
}

/** Whoever is not in the inventory any more is a member until somebody removes him, and is missing in the majority when he stops. */
const unknownMembers: Check = (context) => {
  const { cluster, observed } = context
  if (!speaksForCluster(context)) return []
  const members = observed.etcdHosts.flatMap(({ etcdMembers }) => (etcdMembers === undefined ? [] : [etcdMembers]))[0]
  const names = (members ?? [])
    .map(({ name }) => name)
    .filter((name) => name !== '' && !cluster.hosts.some((host) => host.name === name))
  if (names.length === 0) return []
  const message = `etcd counts ${enumerate(names)} among its ${members?.length ?? 0} members, which the inventory does not name`
  return [warning('UnknownMember', message, 'If it is gone for good: etcdctl member remove, on a host of etcd.')]
}

/** An etcd that is not beside the API servers. */
export const preflightEtcd = checks('preflight/etcd', 'Check etcd', {
  ExternalEtcd: reachable,
  ExternalEtcdVersion: versions,
  ExternalEtcdClientCertificates: clientCertificate,
  ExternalEtcdData: data,
  EtcdTopology: topology,
  EtcdLost: lostData,
  UnknownMember: unknownMembers,
})
