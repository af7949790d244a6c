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
import { clusterEndpointUrl, firstControlPlane, isNode, localEndpointUrl, nodeEndpointUrl } from '../kubernetes/node.ts'
import type { ApiAccess } from '../resources/api-object.ts'
import { authorityForSigning, type AuthoritySource, type Signer } from '../resources/authority.ts'
import type { CertificateOptions } from '../resources/certificate.ts'
import type { Context } from './context.ts'

/** The authority that signs for the API: the one of kubelets, administrators and components. */
export const clusterAuthority = authorities.find(({ name }) => name === 'ca') ?? authorities[0]!

/** The authority of etcd's members and clients. */
export const etcdAuthority = authorities.find(({ name }) => name === 'etcd-ca') ?? authorities[0]!

/** Node IP of the first control plane, which is the endpoint where the inventory names none. */
export function firstControlPlaneIP({ cluster, fleet, facts }: Context): string {
  return fleet.get(firstControlPlane(cluster.hosts).name)?.nodeIP ?? facts.nodeIP
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

/** The control planes of the inventory, by name. */
export function controlPlaneNames({ cluster }: Pick<Context, 'cluster'>): readonly string[] {
  return cluster.hosts.filter(({ roles }) => roles.includes('control-plane')).map(({ name }) => name)
}

/** The control plane through which this run changes the cluster. */
export function leader(context: Pick<Context, 'cluster' | 'observed'>): string {
  return leaderOf(controlPlaneNames(context), context.observed)
}

/** The API server of that control plane, for kubectl that runs there on behalf of another host. */
export function leaderApi(context: Context): ApiAccess & { readonly host: string } {
  const { cluster, fleet, facts } = context
  const host = leader(context)
  return { host, server: localEndpointUrl(cluster, fleet.get(host)?.nodeIP ?? facts.nodeIP) }
}

/** Client URLs of the etcd that API servers are led to; undefined where each has a member on its own host. */
export function etcdServers(context: Pick<Context, 'cluster' | 'fleet'>): readonly string[] | undefined {
  const { cluster, fleet } = context
  if (isStacked(cluster)) return undefined
  const addresses = memberNames(context).flatMap((name) => fleet.get(name)?.nodeIP ?? [])
  return cluster.etcd.external?.endpoints ?? addresses.map(etcdClientURL)
}

/** The hosts that run members of etcd, by name. */
export function memberNames({ cluster }: Pick<Context, 'cluster'>): readonly string[] {
  return cluster.hosts.filter((host) => runsEtcd(cluster, host)).map(({ name }) => name)
}

/** The host whose member of etcd the others join. */
export function leadingMember(context: Pick<Context, 'cluster' | 'observed'>): string {
  return isStacked(context.cluster) ? leader(context) : leadingEtcdHost(memberNames(context), context.observed)
}

/** The nodes that this run knows, by name. */
export function nodeNames({ cluster, fleet }: Pick<Context, 'cluster' | 'fleet'>): readonly string[] {
  return cluster.hosts.filter((host) => isNode(host) && fleet.has(host.name)).map(({ name }) => name)
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
export function certificateOptions(context: Context, spec: Pick<CertificateSpec, 'authority'>): CertificateOptions {
  const { cluster, host, observed, now } = context
  const signer: Signer = (name, resolving) => {
    const row = authorities.find((candidate) => candidate.name === name) ?? clusterAuthority
    return authorityForSigning(row, authoritySource(context, row), resolving)
  }
  const path = authorities.find(({ name }) => name === spec.authority)?.path ?? spec.authority
  const { algorithm, validity } = cluster.certificates
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
