import {
  authorities,
  certificateSpec,
  kubeconfigs,
  type AuthoritySpec,
  type CertificateRow,
  type CertificateSpec,
  type PkiHost,
} from '../pki/certificates.ts'
import { etcdClientURL } from '../kubernetes/component-flags.ts'
import { isStacked, runsEtcd } from '../kubernetes/etcd-topology.ts'
import { leaderOf, leadingEtcdHost } from '../kubernetes/leader.ts'
import { isNode } from '../inventory/roles.ts'
import { clusterEndpointUrl, firstControlPlane, localEndpointUrl, nodeEndpointUrl } from '../kubernetes/node.ts'
import type { ApiAccess } from '../resources/api-object.ts'
import { authorityForSigning, type AuthoritySource, type Signer } from '../resources/authority.ts'
import type { CertificateOptions } from '../resources/certificate.ts'
import type { Context } from './context.ts'

/** The authority that signs for the API: the one of kubelets, administrators and components. */
export const clusterAuthority = authorities.find(({ name }) => name === 'ca') ?? authorities[0]!

/** The authority of etcd's members and clients. */
export const etcdAuthority = authorities.find(({ name }) => name === 'etcd-ca') ?? authorities[0]!

/** Node IP of the first control plane, which is the endpoint where the inventory names none. */
export function firstControlPlaneIP(context: Context): string {
  return nodeIPOf(context, firstControlPlane(context.cluster.hosts).name) ?? context.facts.nodeIP
}

/** Node IP of a host: as it says itself or, where this run does not reach it, as the API knows it. */
export function nodeIPOf({ fleet, observed }: Pick<Context, 'fleet' | 'observed'>, name: string): string | undefined {
  return fleet.get(name)?.nodeIP ?? observed.nodes.find((node) => node.name === name)?.internalIPs[0]
}

/** The URL by which this node reaches the API where that is not its own API server. */
export function endpointUrl(context: Context): string {
  return nodeEndpointUrl(context.cluster, firstControlPlaneIP(context))
}

/** The URL in an administrator's kubeconfig on this control plane. */
export function adminUrl({ cluster, facts }: Context): string {
  return clusterEndpointUrl(cluster, facts.nodeIP)
}

/** The API server of the host itself, for kubectl on a control plane. */
export function localApi({ cluster, facts }: Context): ApiAccess {
  return { server: localEndpointUrl(cluster, facts.nodeIP) }
}

/** The API servers of the other control planes that have one, whether they answer or not. */
export function otherApiServers({ cluster, host, fleet, observed }: Context): readonly string[] {
  return observed.controlPlanes
    .filter((other) => other.host !== host.name && other.apiServer !== 'absent')
    .flatMap((other) => fleet.get(other.host)?.nodeIP ?? [])
    .map((nodeIP) => localEndpointUrl(cluster, nodeIP))
}

/** The control planes of the inventory, by name. */
export function controlPlaneNames({ cluster }: Pick<Context, 'cluster'>): readonly string[] {
  return cluster.hosts.filter(({ roles }) => roles.includes('control-plane')).map(({ name }) => name)
}

/** Node addresses of the control planes but for the host's own. */
export function otherControlPlaneIPs(context: Context): readonly string[] {
  return controlPlaneNames(context)
    .filter((name) => name !== context.host.name)
    .flatMap((name) => nodeIPOf(context, name) ?? [])
}

/** The control plane through which this run changes the cluster. */
export function leader(context: Pick<Context, 'cluster' | 'observed' | 'nodes'>): string {
  const joining = context.nodes?.joining ?? []
  const staying = controlPlaneNames(context).filter((name) => !joining.includes(name))
  return leaderOf(staying, context.observed)
}

/** The API server of that control plane, for kubectl that runs there on behalf of another host. */
export function leaderApi(context: Context): ApiAccess & { readonly host: string } {
  const { cluster, fleet, facts } = context
  const host = leader(context)
  return { host, server: localEndpointUrl(cluster, fleet.get(host)?.nodeIP ?? facts.nodeIP) }
}

/** Client URLs of the etcd that API servers are led to; undefined where each has a member on its own host. */
export function etcdServers(context: Pick<Context, 'cluster' | 'fleet' | 'observed'>): readonly string[] | undefined {
  const { cluster, fleet, observed } = context
  if (isStacked(cluster)) return undefined
  if (cluster.etcd.external !== undefined) return cluster.etcd.external.endpoints
  const names = memberNames(context)
  const addresses = names.flatMap((name) => fleet.get(name)?.nodeIP ?? [])
  const living = observed.controlPlanes.map(({ etcdElsewhere }) => etcdElsewhere).find(({ length }) => length > 0)
  // A member that this run does not reach is a member all the same.
  return addresses.length < names.length && living !== undefined ? living : addresses.map(etcdClientURL)
}

/** The hosts that run members of etcd, by name. */
export function memberNames({ cluster }: Pick<Context, 'cluster'>): readonly string[] {
  return cluster.hosts.filter((host) => runsEtcd(cluster, host)).map(({ name }) => name)
}

/** The host whose member of etcd the others join. */
export function leadingMember(context: Pick<Context, 'cluster' | 'observed'>): string {
  return isStacked(context.cluster) ? leader(context) : leadingEtcdHost(memberNames(context), context.observed)
}

/**
 * The host that keeps a snapshot of etcd before members go: the one that others join, or the first other one where that cannot tell
 * of the members; where a run takes members away, one that stays out of it.
 */
export function snapshotKeeper(
  context: Pick<Context, 'cluster' | 'observed' | 'fleet' | 'run'>,
  { destroys }: { readonly destroys: boolean },
): string | undefined {
  const members = memberNames(context)
  if (destroys) return members.find((name) => context.fleet.has(name) && !context.run.includes(name))
  if (members.length === 0) return undefined
  const { controlPlanes, etcdHosts } = context.observed
  const telling = [...controlPlanes, ...etcdHosts].flatMap((each) =>
    each.etcdMembers === undefined ? [] : [each.host],
  )
  const leading = leadingMember(context)
  return telling.includes(leading) ? leading : (telling[0] ?? leading)
}

/** The nodes that this run is for, by name, control planes first. */
export function nodeNames({ cluster, run }: Pick<Context, 'cluster' | 'run'>): readonly string[] {
  const nodes = cluster.hosts.filter(isNode).map(({ name }) => name)
  return run.filter((name) => nodes.includes(name))
}

/** Where an authority is looked for, that of etcd where etcd runs: those hosts first that were seen to hold the key. */
export function authoritySource(context: Context, { name, path }: AuthoritySpec = clusterAuthority): AuthoritySource {
  const { cluster, observed } = context
  const names = name === etcdAuthority.name ? memberNames(context) : controlPlaneNames(context)
  const holders = observed.authorities[path]?.keyOn ?? []
  const holds = (host: string): boolean => holders.includes(host)
  const hosts = [...names.filter(holds), ...names.filter((host) => !holds(host))]
  const { algorithm, caValidity } = cluster.certificates
  return { hosts, algorithm, validity: caValidity }
}

/** How certificates of this host are signed. */
export function certificateOptions(
  context: Context,
  row: Pick<CertificateRow, 'algorithm' | 'authority'>,
): CertificateOptions {
  const { cluster, host, observed, now } = context
  const signer: Signer = (name, resolving) => {
    const authority = authorities.find((candidate) => candidate.name === name) ?? clusterAuthority
    return authorityForSigning(authority, authoritySource(context, authority), resolving)
  }
  const path = authorities.find(({ name }) => name === row.authority)?.path ?? row.authority
  const { validity } = cluster.certificates
  const algorithm = row.algorithm ?? cluster.certificates.algorithm
  return { host: host.name, signer, authorityPem: observed.authorities[path]?.certificate, algorithm, validity, now }
}

/** Resolves a row of the certificate table for this host. */
export function specOf(row: CertificateRow, context: Context): CertificateSpec {
  return certificateSpec(row, pkiHost(context))
}

/** The row of a kubeconfig by its file name. */
export function kubeconfigRow(name: string) {
  const row = kubeconfigs.find((candidate) => candidate.name === name)
  if (row === undefined) throw new Error(`there is no kubeconfig ${name}`)
  return row
}

function pkiHost({ cluster, host, facts }: Context): PkiHost {
  const { controlPlaneEndpoint: endpoint, networking } = cluster
  return {
    nodeName: host.name,
    nodeIPs: facts.nodeIP.split(','),
    advertiseAddress: facts.nodeIP,
    controlPlaneEndpointHost: endpoint.explicit ? endpoint.address : undefined,
    certSANs: cluster.apiServer.certSANs,
    etcdServerCertSANs: cluster.etcd.serverCertSANs,
    etcdPeerCertSANs: cluster.etcd.peerCertSANs,
    apiServiceIPs: networking.apiServiceIPs,
    dnsDomain: networking.dnsDomain,
    kubernetesVersion: cluster.kubernetesVersion,
  }
}
