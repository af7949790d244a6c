import type { Cluster, ExtraArg, Host } from '../inventory/cluster.ts'
import { flagsOf, flagValue } from './flags.ts'
import {
  apiServerPort,
  clusterName,
  isIPv6Subnet,
  joinHostPort,
  kubernetesDirectory,
  loopbackOf,
  pkiDirectory,
} from './node.ts'

/** A member of etcd as `--initial-cluster` names it. */
export interface EtcdMember {
  readonly name: string
  readonly peerURL: string
}

export const etcdPorts = { client: 2379, peer: 2380, metrics: 2381 } as const

/** How a member starts with an empty data directory. */
export interface EtcdStart {
  /** All members, this one included; empty for one that is alone. */
  readonly initialCluster: readonly EtcdMember[]
  /** By default a member with others joins their cluster, as by kubeadm, and one that is alone begins one. */
  readonly initialClusterState?: 'new' | 'existing'
}

/** The flags that kubeadm gives to etcd. */
export function etcdFlags(
  host: Pick<Host, 'name' | 'directories'>,
  nodeIP: string,
  { initialCluster, initialClusterState: state = initialCluster.length > 0 ? 'existing' : 'new' }: EtcdStart,
): readonly ExtraArg[] {
  const loopback = loopbackOf(nodeIP)
  const peerURL = `https://${joinHostPort(nodeIP, etcdPorts.peer)}`
  const clientURL = etcdClientURL(nodeIP)
  const members = initialCluster.length > 0 ? initialCluster : [{ name: host.name, peerURL }]
  return flagsOf({
    name: host.name,
    'listen-client-urls': `${etcdClientURL(loopback)},${clientURL}`,
    'advertise-client-urls': clientURL,
    'listen-peer-urls': peerURL,
    'initial-advertise-peer-urls': peerURL,
    'initial-cluster': members.map((member) => `${member.name}=${member.peerURL}`).join(','),
    ...(state === 'existing' ? { 'initial-cluster-state': state } : {}),
    'data-dir': host.directories.etcd,
    'cert-file': `${pkiDirectory}/etcd/server.crt`,
    'key-file': `${pkiDirectory}/etcd/server.key`,
    'trusted-ca-file': `${pkiDirectory}/etcd/ca.crt`,
    'client-cert-auth': 'true',
    'peer-cert-file': `${pkiDirectory}/etcd/peer.crt`,
    'peer-key-file': `${pkiDirectory}/etcd/peer.key`,
    'peer-trusted-ca-file': `${pkiDirectory}/etcd/ca.crt`,
    'peer-client-cert-auth': 'true',
    'snapshot-count': '10000',
    'listen-metrics-urls': `http://${joinHostPort(loopback, etcdPorts.metrics)}`,
    'feature-gates': 'InitialCorruptCheck=true',
    'watch-progress-notify-interval': '5s',
  })
}

/** The URL on which etcd serves its clients. */
export function etcdClientURL(address: string): string {
  return `https://${joinHostPort(address, etcdPorts.client)}`
}

/**
 * Where etcd keeps its log, which it makes when it has begun a cluster or joined one. The directory around it says nothing: etcd
 * makes that first, whatever comes of its start.
 */
export function etcdLogDirectory({ etcd }: Pick<Cluster, 'etcd'>, { directories }: Pick<Host, 'directories'>): string {
  return flagValue(etcd.extraArgs, 'wal-dir') ?? `${directories.etcd}/member/wal`
}

/** The flags that kubeadm gives to the API server; `elsewhere` are the client URLs of an etcd that is not on its host. */
export function apiServerFlags(
  cluster: Cluster,
  nodeIP: string,
  elsewhere: readonly string[] | undefined,
): readonly ExtraArg[] {
  const { networking, etcd, apiServer } = cluster
  // kubeadm lets a changed client URL of etcd reach the API server, too.
  const own = flagValue(etcd.extraArgs, 'advertise-client-urls') ?? etcdClientURL(loopbackOf(nodeIP))
  // A configuration file and a list of modes exclude each other.
  const hasAuthorizationFile = flagValue(apiServer.extraArgs, 'authorization-config') !== undefined
  return flagsOf({
    'advertise-address': nodeIP,
    'secure-port': String(apiServerPort(cluster)),
    'allow-privileged': 'true',
    ...(hasAuthorizationFile ? {} : { 'authorization-mode': 'Node,RBAC' }),
    'enable-admission-plugins': 'NodeRestriction',
    'enable-bootstrap-token-auth': 'true',
    'service-cluster-ip-range': networking.serviceSubnets.join(','),
    'service-account-issuer': `https://kubernetes.default.svc.${networking.dnsDomain}`,
    'service-account-key-file': `${pkiDirectory}/sa.pub`,
    'service-account-signing-key-file': `${pkiDirectory}/sa.key`,
    'client-ca-file': `${pkiDirectory}/ca.crt`,
    'tls-cert-file': `${pkiDirectory}/apiserver.crt`,
    'tls-private-key-file': `${pkiDirectory}/apiserver.key`,
    'etcd-servers': elsewhere?.join(',') ?? own,
    'etcd-cafile': `${pkiDirectory}/etcd/ca.crt`,
    'etcd-certfile': `${pkiDirectory}/apiserver-etcd-client.crt`,
    'etcd-keyfile': `${pkiDirectory}/apiserver-etcd-client.key`,
    'kubelet-client-certificate': `${pkiDirectory}/apiserver-kubelet-client.crt`,
    'kubelet-client-key': `${pkiDirectory}/apiserver-kubelet-client.key`,
    'kubelet-preferred-address-types': 'InternalIP,ExternalIP,Hostname',
    'proxy-client-cert-file': `${pkiDirectory}/front-proxy-client.crt`,
    'proxy-client-key-file': `${pkiDirectory}/front-proxy-client.key`,
    'requestheader-client-ca-file': `${pkiDirectory}/front-proxy-ca.crt`,
    'requestheader-allowed-names': 'front-proxy-client',
    'requestheader-username-headers': 'X-Remote-User',
    'requestheader-group-headers': 'X-Remote-Group',
    'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
  })
}

/** The flags that kubeadm gives to the controller manager. */
export function controllerManagerFlags({ networking }: Cluster): readonly ExtraArg[] {
  const kubeconfig = `${kubernetesDirectory}/controller-manager.conf`
  return flagsOf({
    ...kubeconfigFlags(kubeconfig),
    'client-ca-file': `${pkiDirectory}/ca.crt`,
    'requestheader-client-ca-file': `${pkiDirectory}/front-proxy-ca.crt`,
    'root-ca-file': `${pkiDirectory}/ca.crt`,
    'service-account-private-key-file': `${pkiDirectory}/sa.key`,
    'cluster-signing-cert-file': `${pkiDirectory}/ca.crt`,
    'cluster-signing-key-file': `${pkiDirectory}/ca.key`,
    'use-service-account-credentials': 'true',
    controllers: '*,bootstrapsigner,tokencleaner',
    'allocate-node-cidrs': 'true',
    'cluster-cidr': networking.podSubnets.join(','),
    'service-cluster-ip-range': networking.serviceSubnets.join(','),
    'cluster-name': clusterName,
  })
}

/** The controller manager's extra flags: kubeadm knows no node mask size, so it has to find ours among them. */
export function controllerManagerExtraArgs({ networking, controllerManager }: Cluster): readonly ExtraArg[] {
  const { podSubnets, nodeCIDRMaskSize } = networking
  const ipv6 = isIPv6Subnet(podSubnets[0] ?? '')
  if (nodeCIDRMaskSize === (ipv6 ? 64 : 24)) return controllerManager.extraArgs
  const family = ipv6 ? '-ipv6' : '-ipv4'
  const name = `node-cidr-mask-size${podSubnets.length > 1 ? family : ''}`
  const given = flagValue(controllerManager.extraArgs, name) !== undefined
  return given
    ? controllerManager.extraArgs
    : [{ name, value: String(nodeCIDRMaskSize) }, ...controllerManager.extraArgs]
}

/** The flags that kubeadm gives to the scheduler. */
export function schedulerFlags(): readonly ExtraArg[] {
  return flagsOf(kubeconfigFlags(`${kubernetesDirectory}/scheduler.conf`))
}

function kubeconfigFlags(kubeconfig: string): Readonly<Record<string, string>> {
  return {
    'bind-address': '127.0.0.1',
    'leader-elect': 'true',
    kubeconfig,
    'authentication-kubeconfig': kubeconfig,
    'authorization-kubeconfig': kubeconfig,
  }
}
