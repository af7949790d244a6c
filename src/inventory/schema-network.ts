import { z } from 'zod'
import { isAddress } from './subnets.ts'
import { choice, dnsName, endpointAddress, httpUrl, port, refuse, subnet, text, wholeNumber } from './schema-values.ts'

/** How clients reach the API servers. */
export const endpointSchema = z
  .strictObject({
    address: endpointAddress()
      .optional()
      .describe('DNS name or IP address under which clients reach the API servers; node-local has none.'),
    port: port()
      .default(6443)
      .describe('Port of the address; with node-local and virtual-ip the port of the API servers, too.'),
    provider: choice(['external', 'node-local', 'virtual-ip'])
      .default('external')
      .describe(
        'Who makes nodes reach the API servers: "external" is you (DNS, a load balancer), "node-local" a proxy on every node that is not a control plane, "virtual-ip" keepalived on the control planes, one of which holds the address.',
      ),
  })
  .superRefine(({ address, provider }, context) => {
    if (provider !== 'node-local' && address === undefined)
      refuse(context, 'KW1011', 'names no address', 'set address, or provider: node-local, which needs none')
    if (provider === 'virtual-ip' && address !== undefined && !isAddress(address))
      refuse(
        context,
        'KW1014',
        'expected an IP address, which the control planes hold among them',
        'a DNS name is for provider: external',
        ['address'],
      )
    if (provider === 'node-local' && address !== undefined)
      refuse(
        context,
        'KW1014',
        'expected no address: with node-local every node has a proxy of its own',
        'remove it; names for clients elsewhere belong into apiServer.certSANs',
        ['address'],
      )
  })
  .describe('How clients reach the API servers; without it, the only control plane itself.')

const subnets = (words: string) =>
  z
    .array(subnet())
    .min(1, { error: 'expected at least one subnet' })
    .describe(`${words}: one, or one of each IP family; the first decides the cluster's primary family.`)

/** The addresses inside the cluster. They cannot be changed later. */
export const networkingSchema = z
  .strictObject({
    podSubnets: subnets('Addresses of pods').default(['10.244.0.0/16']),
    serviceSubnets: subnets('Addresses of services').default(['10.96.0.0/12']),
    dnsDomain: dnsName().default('cluster.local').describe('DNS domain of services and pods.'),
    nodeCIDRMaskSize: wholeNumber(1, 128)
      .optional()
      .describe("Prefix length of each node's part of the first pod subnet; 24 for IPv4 and 64 for IPv6 by default."),
  })
  .prefault({})
  .describe('The addresses inside the cluster. They cannot be changed later.')

/** The pod network. */
export const cniSchema = z
  .strictObject({
    name: choice(['flannel', 'calico', 'none'])
      .default('flannel')
      .describe('The network plugin; "none" is one that you bring yourself.'),
    backend: choice(['vxlan', 'host-gw', 'wireguard'])
      .optional()
      .describe(
        'Flannel: how packets travel between nodes, vxlan by default; host-gw needs all nodes in one layer 2 network.',
      ),
    encapsulation: choice(['vxlan', 'vxlan-cross-subnet', 'ipip', 'none'])
      .optional()
      .describe(
        'Calico: how packets travel between nodes, vxlan by default; ipip and none use BGP, none needs all nodes in one layer 2 network.',
      ),
    mtu: wholeNumber(576, 65_535)
      .optional()
      .describe(
        "MTU of the pods' interfaces; by default that of the nodes' interfaces less the encapsulation's overhead.",
      ),
    vni: wholeNumber(1, 16_777_215)
      .optional()
      .describe('VXLAN network identifier; by default 1 with Flannel and 4096 with Calico.'),
    port: port().optional().describe('UDP port of VXLAN; by default 8472 with Flannel and 4789 with Calico.'),
    blockSize: wholeNumber(20, 32)
      .optional()
      .describe('Calico: prefix length of the blocks that nodes take from the IPv4 pod subnet; 26 by default.'),
    ipv6BlockSize: wholeNumber(116, 128)
      .optional()
      .describe('Calico: prefix length of the blocks that nodes take from the IPv6 pod subnet; 122 by default.'),
    typhaNodes: wholeNumber(1, 5000)
      .optional()
      .describe('Calico: the number of nodes from which Typha stands between them and the API; 50 by default.'),
  })
  .prefault({})
  .describe('The pod network.')

const repository = () =>
  text(
    /^[a-z0-9][A-Za-z0-9._:/-]*[A-Za-z0-9]$/,
    'a registry, with a path or without, without scheme and trailing slash',
  )

/** Registries that stand in for the upstream ones. */
export const imageRepositoriesSchema = z
  .record(repository(), repository().describe('The registry or repository prefix that is used in its place.'))
  .default({})
  .describe(
    'Upstream registry or repository prefix to the one that is used in its place: registry.k8s.io to mirror.local/k8s.',
  )

/** The HTTP proxy of downloads, containerd and the kubelet. */
export const proxySchema = z
  .strictObject({
    http: httpUrl().optional().describe('Proxy for http:// addresses.'),
    https: httpUrl().optional().describe('Proxy for https:// addresses.'),
    noProxy: z
      .array(text(/^[^\s,]+$/, 'one domain, address or subnet'))
      .default([])
      .describe(
        'What is reached directly, besides this machine, the subnets, the DNS domain, the endpoint and all hosts.',
      ),
  })
  .superRefine((proxy, context) => {
    if (proxy.http !== undefined || proxy.https !== undefined) return
    refuse(context, 'KW1011', 'names no proxy', 'set http, https or both, or remove proxy')
  })
  .describe('The HTTP proxy of downloads, containerd and the kubelet.')
