import { stringify } from 'yaml'
import type { PkiHost } from '../../src/pki/certificates.ts'
import type { KeyAlgorithm } from '../../src/pki/issue.ts'

/** One set of inputs that the real kubeadm and our table get alike. */
export interface KubeadmCase {
  readonly name: string
  readonly host: Omit<PkiHost, 'kubernetesVersion'>
  readonly serviceSubnets: readonly string[]
  readonly algorithm: KeyAlgorithm
  /** URLs in the kubeconfigs. */
  readonly servers: { readonly cluster: string; readonly local: string }
}

export const bootstrapToken = 'abcdef.0123456789abcdef'

export const kubeadmVersions = ['1.36.4', '1.37.1'] as const

export const kubeadmCases: readonly KubeadmCase[] = [
  {
    name: 'dual-stack-rsa',
    host: {
      nodeName: 'cp-1',
      nodeIPs: ['192.0.2.11', '2001:db8::11'],
      advertiseAddress: '192.0.2.11',
      controlPlaneEndpointHost: 'api.example.test',
      // Unsorted, twice, in unusual spellings: what kubeadm makes of them is in the golden.
      certSANs: [
        'z.example.test',
        '*.k8s.example.test',
        '203.0.113.5',
        '2001:DB8:0::5',
        'kubernetes',
        '192.0.2.11',
        '::ffff:203.0.113.5',
      ],
      etcdServerCertSANs: ['etcd.example.test', '203.0.113.6'],
      etcdPeerCertSANs: ['2001:db8::6', 'peer.example.test', '127.0.0.1'],
      apiServiceIPs: ['10.96.0.1', 'fd00:10:96::1'],
      dnsDomain: 'cluster.local',
    },
    serviceSubnets: ['10.96.0.0/12', 'fd00:10:96::/112'],
    algorithm: 'RSA-2048',
    servers: { cluster: 'https://api.example.test:6443', local: 'https://192.0.2.11:6443' },
  },
  {
    name: 'ipv6-p384-no-endpoint',
    host: {
      nodeName: 'node.with.dots',
      nodeIPs: ['2001:db8::21'],
      advertiseAddress: '2001:db8::21',
      certSANs: [],
      etcdServerCertSANs: [],
      etcdPeerCertSANs: [],
      apiServiceIPs: ['fd00:10:96::1'],
      dnsDomain: 'k8s.example.test',
    },
    serviceSubnets: ['fd00:10:96::/112'],
    algorithm: 'ECDSA-P384',
    servers: { cluster: 'https://[2001:db8::21]:6443', local: 'https://[2001:db8::21]:6443' },
  },
  {
    name: 'address-endpoint-p256',
    host: {
      nodeName: 'cp-2',
      nodeIPs: ['198.51.100.2'],
      advertiseAddress: '198.51.100.2',
      controlPlaneEndpointHost: '198.51.100.100',
      certSANs: [],
      etcdServerCertSANs: [],
      etcdPeerCertSANs: [],
      apiServiceIPs: ['10.32.0.1'],
      dnsDomain: 'cluster.local',
    },
    serviceSubnets: ['10.32.0.0/16'],
    algorithm: 'ECDSA-P256',
    servers: { cluster: 'https://198.51.100.100:6443', local: 'https://198.51.100.2:6443' },
  },
]

/** kubeadm's own configuration for a case. */
export function kubeadmConfiguration(
  { host, serviceSubnets, algorithm, servers }: KubeadmCase,
  version: string,
  certificatesDir: string,
): string {
  const apiVersion = 'kubeadm.k8s.io/v1beta4'
  const endpoint =
    host.controlPlaneEndpointHost === undefined
      ? {}
      : { controlPlaneEndpoint: servers.cluster.slice('https://'.length) }
  const init = {
    apiVersion,
    kind: 'InitConfiguration',
    localAPIEndpoint: { advertiseAddress: host.advertiseAddress, bindPort: 6443 },
    nodeRegistration: { name: host.nodeName, criSocket: 'unix:///run/containerd/containerd.sock' },
  }
  const cluster = {
    apiVersion,
    kind: 'ClusterConfiguration',
    kubernetesVersion: `v${version}`,
    certificatesDir,
    encryptionAlgorithm: algorithm,
    ...endpoint,
    networking: { serviceSubnet: serviceSubnets.join(','), dnsDomain: host.dnsDomain },
    apiServer: { certSANs: host.certSANs },
    etcd: {
      local: { dataDir: '/var/lib/etcd', serverCertSANs: host.etcdServerCertSANs, peerCertSANs: host.etcdPeerCertSANs },
    },
  }
  return [init, cluster].map((document) => stringify(document)).join('---\n')
}
