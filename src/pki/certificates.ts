import { posix } from 'node:path'
import { satisfies } from 'semver'
import type { KeyAlgorithm } from './issue.ts'

/** What a certificate is for: to prove a server to its clients, or a client to its servers. */
export type Usage = 'server' | 'client'

/** kubeadm's names of its authorities. */
export type AuthorityName = 'ca' | 'front-proxy-ca' | 'etcd-ca'

/** What the certificates of one host depend on; {@link certificateSpec} reads nothing else. */
export interface PkiHost {
  readonly nodeName: string
  /** Every address that the node registers; they go into the kubelet's serving certificate. */
  readonly nodeIPs: readonly string[]
  /** The address on which this host's API server and etcd are reached; unused on workers. */
  readonly advertiseAddress: string
  /** Without port; undefined when the inventory names no endpoint, since kubeadm then adds nothing. */
  readonly controlPlaneEndpointHost?: string | undefined
  readonly certSANs: readonly string[]
  readonly etcdServerCertSANs: readonly string[]
  readonly etcdPeerCertSANs: readonly string[]
  /** The first address of each service subnet. Only the first one is the `kubernetes` service. */
  readonly apiServiceIPs: readonly string[]
  readonly dnsDomain: string
  /** `1.37.1`, without `v`. */
  readonly kubernetesVersion: string
}

/** A self-signed authority: `path` is relative to the PKI directory and has no extension. */
export interface AuthoritySpec {
  readonly name: AuthorityName
  readonly path: string
  readonly commonName: string
}

/** What a certificate on one host shall be. */
export interface CertificateSpec {
  readonly name: string
  /** Without extension; relative to the PKI directory, or absolute. A kubeconfig's path is the kubeconfig. */
  readonly path: string
  readonly authority: AuthorityName
  readonly commonName: string
  readonly organizations: readonly string[]
  /** Organizations that earlier releases wrote and `kubeadm certs renew` still copies: they work, so they are no drift. */
  readonly acceptedOrganizations: readonly string[]
  readonly usages: readonly Usage[]
  readonly sans: readonly string[]
}

type PerHost<Value> = Value | ((host: PkiHost) => Value)

/** A {@link CertificateSpec} before the host is known. */
export interface CertificateRow {
  readonly name: string
  readonly path: string
  readonly authority: AuthorityName
  readonly commonName: PerHost<string>
  readonly organizations?: PerHost<readonly string[]>
  readonly acceptedOrganizations?: readonly string[]
  readonly usages: readonly Usage[]
  readonly sans?: (host: PkiHost) => readonly string[]
  /** The algorithm of its key where that is not the inventory's to choose. */
  readonly algorithm?: KeyAlgorithm
}

/** A client certificate inside a kubeconfig, with the API server that the kubeconfig names. */
export interface KubeconfigRow extends CertificateRow {
  /** `local`: the API server of the same host; `cluster`: the control plane endpoint. */
  readonly server: 'cluster' | 'local'
}

/** kubeadm's PKI directory. */
export const pkiDirectory = '/etc/kubernetes/pki'

/** The pair that signs service account tokens: the same on every control plane, and no certificate. Relative to the PKI directory; kubeadm gives both mode 0600. */
export const serviceAccountPair = { key: 'sa.key', publicKey: 'sa.pub' } as const

/** The authorities that the control planes share. */
export const authorities: readonly AuthoritySpec[] = [
  { name: 'ca', path: 'ca', commonName: 'kubernetes' },
  { name: 'front-proxy-ca', path: 'front-proxy-ca', commonName: 'front-proxy-ca' },
  { name: 'etcd-ca', path: 'etcd/ca', commonName: 'etcd-ca' },
]

/** The certificates of each control plane, under kubeadm's names (those of `kubeadm certs renew`). */
export const certificates: readonly CertificateRow[] = [
  {
    name: 'apiserver',
    path: 'apiserver',
    authority: 'ca',
    commonName: 'kube-apiserver',
    usages: ['server'],
    sans: apiServerSANs,
  },
  {
    name: 'apiserver-kubelet-client',
    path: 'apiserver-kubelet-client',
    authority: 'ca',
    commonName: 'kube-apiserver-kubelet-client',
    organizations: ({ kubernetesVersion }) =>
      bindsKubeletClientByUser(kubernetesVersion) ? [] : ['kubeadm:cluster-admins'],
    acceptedOrganizations: ['kubeadm:cluster-admins', 'system:masters'],
    usages: ['client'],
  },
  {
    name: 'front-proxy-client',
    path: 'front-proxy-client',
    authority: 'front-proxy-ca',
    commonName: 'front-proxy-client',
    usages: ['client'],
  },
  // etcd's gRPC gateway connects to its own server port with the server certificate, so both usages are needed.
  {
    name: 'etcd-server',
    path: 'etcd/server',
    authority: 'etcd-ca',
    commonName: nodeName,
    usages: ['server', 'client'],
    sans: (host) => etcdSANs(host, host.etcdServerCertSANs),
  },
  {
    name: 'etcd-peer',
    path: 'etcd/peer',
    authority: 'etcd-ca',
    commonName: nodeName,
    usages: ['server', 'client'],
    sans: (host) => etcdSANs(host, host.etcdPeerCertSANs),
  },
  {
    name: 'etcd-healthcheck-client',
    path: 'etcd/healthcheck-client',
    authority: 'etcd-ca',
    commonName: 'kube-etcd-healthcheck-client',
    acceptedOrganizations: ['system:masters'],
    usages: ['client'],
  },
  {
    name: 'apiserver-etcd-client',
    path: 'apiserver-etcd-client',
    authority: 'etcd-ca',
    commonName: 'kube-apiserver-etcd-client',
    acceptedOrganizations: ['system:masters'],
    usages: ['client'],
  },
]

/**
 * The kubelet's serving certificate, on every node; kubeadm leaves it self-signed, so this row is ours. Its key is of the kind that
 * the kubelet makes for each certificate it asks for by itself.
 */
export const kubeletServing: CertificateRow = {
  name: 'kubelet-serving',
  path: '/var/lib/kubelet/pki/kubelet',
  authority: 'ca',
  commonName: nodeUser,
  organizations: ['system:nodes'],
  usages: ['server'],
  sans: ({ nodeName, nodeIPs }) => [nodeName, ...nodeIPs],
  algorithm: 'ECDSA-P256',
}

/** The kubeconfigs of a control plane; kubeadm writes `super-admin.conf` on the first one only. */
export const kubeconfigs: readonly KubeconfigRow[] = [
  kubeconfig('admin.conf', 'cluster', 'kubernetes-admin', ['kubeadm:cluster-admins']),
  kubeconfig('super-admin.conf', 'cluster', 'kubernetes-super-admin', ['system:masters']),
  kubeconfig('kubelet.conf', 'local', nodeUser, ['system:nodes']),
  kubeconfig('controller-manager.conf', 'local', 'system:kube-controller-manager'),
  kubeconfig('scheduler.conf', 'local', 'system:kube-scheduler'),
]

/** Resolves a row for one host. */
export function certificateSpec(row: CertificateRow, host: PkiHost): CertificateSpec {
  return {
    name: row.name,
    path: row.path,
    authority: row.authority,
    commonName: forHost(row.commonName, host),
    organizations: forHost(row.organizations ?? [], host),
    acceptedOrganizations: row.acceptedOrganizations ?? [],
    usages: row.usages,
    sans: row.sans?.(host) ?? [],
  }
}

/** The absolute paths of a certificate and its key; `directory` is `certificatesDir` of an adopted cluster. */
export function certificateFiles(
  { path }: { readonly path: string },
  directory: string = pkiDirectory,
): { readonly certificate: string; readonly key: string } {
  const base = posix.resolve(directory, path)
  return { certificate: `${base}.crt`, key: `${base}.key` }
}

/** Whether kubeadm of this version authorizes the API server towards kubelets by its user name (ClusterRoleBinding `kubeadm:apiserver-kubelet-client`) and not by a group. */
export function bindsKubeletClientByUser(kubernetesVersion: string): boolean {
  const releases = '>=1.33.12 <1.34.0 || >=1.34.8 <1.35.0 || >=1.35.5 <1.36.0 || >=1.36.1'
  return satisfies(kubernetesVersion, releases, { includePrerelease: true })
}

function kubeconfig(
  name: string,
  server: KubeconfigRow['server'],
  commonName: PerHost<string>,
  organizations: readonly string[] = [],
): KubeconfigRow {
  return {
    name,
    path: `/etc/kubernetes/${name}`,
    authority: 'ca',
    commonName,
    organizations,
    usages: ['client'],
    server,
  }
}

function forHost<Value extends string | readonly string[]>(value: PerHost<Value>, host: PkiHost): Value {
  return typeof value === 'function' ? value(host) : value
}

function nodeName(host: PkiHost): string {
  return host.nodeName
}

function nodeUser(host: PkiHost): string {
  return `system:node:${host.nodeName}`
}

function apiServerSANs(host: PkiHost): readonly string[] {
  return [
    host.nodeName,
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    `kubernetes.default.svc.${host.dnsDomain}`,
    ...host.apiServiceIPs.slice(0, 1),
    host.advertiseAddress,
    ...(host.controlPlaneEndpointHost === undefined ? [] : [host.controlPlaneEndpointHost]),
    ...host.certSANs,
  ]
}

function etcdSANs(host: PkiHost, extra: readonly string[]): readonly string[] {
  return [host.nodeName, 'localhost', host.advertiseAddress, '127.0.0.1', '::1', ...extra]
}
