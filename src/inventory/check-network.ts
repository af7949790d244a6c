import { isNode } from './roles.ts'
import { nodeIPPath, unusableRanges } from './check-hosts.ts'
import type { Finding, InventoryPath } from './problem.ts'
import { knownNodeIP, sshAddressOf } from './resolve-host.ts'
import { defaultNodeMaskSize } from './resolve.ts'
import type { InventorySpec } from './schema.ts'
import { canonicalAddress, contains, familyOf, isAddress, overlaps, prefixLength, rangeOf } from './subnets.ts'

type Networking = InventorySpec['networking']

const kinds = { podSubnets: 'pod', serviceSubnets: 'service' } as const
type Kind = keyof typeof kinds

/** What is wrong with the addresses inside the cluster, alone or against those of the hosts. */
export function checkNetwork(spec: InventorySpec): Finding[] {
  const { networking } = spec
  return [
    ...checkFamilies(networking),
    ...checkOverlap(networking),
    ...networking.serviceSubnets.flatMap(checkServiceSize),
    ...networking.podSubnets.flatMap((subnet, index) => checkNodeSubnets(spec, subnet, index)),
    ...subnetsOf(networking).flatMap(checkRange),
    ...checkAddresses(spec),
    ...checkNodeFamilies(spec),
    ...checkEndpoint(spec),
    ...checkVirtualIP(spec),
  ]
}

interface ClusterSubnet {
  readonly subnet: string
  readonly kind: Kind
  readonly index: number
}

function subnetsOf(networking: Networking): ClusterSubnet[] {
  return (['podSubnets', 'serviceSubnets'] as const).flatMap((kind) =>
    networking[kind].map((subnet, index) => ({ subnet, kind, index })),
  )
}

function pathOf(kind: Kind, index: number): InventoryPath {
  return ['spec', 'networking', kind, index]
}

function checkFamilies(networking: Networking): Finding[] {
  const several = subnetsOf(networking).flatMap(({ subnet, kind, index }): Finding[] => {
    const first = networking[kind].findIndex((other) => familyOf(other) === familyOf(subnet))
    if (first === index) return []
    const message = `${subnet} is a second ${kinds[kind]} subnet of IPv${familyOf(subnet)}`
    return [
      {
        code: 'KW1034',
        path: pathOf(kind, index),
        message,
        hint: 'a cluster has one subnet of each family; make the first larger',
      },
    ]
  })
  if (several.length > 0) return several
  const [pods, services] = [networking.podSubnets.map(familyOf), networking.serviceSubnets.map(familyOf)]
  if (pods[0] !== services[0]) {
    const message = `the first service subnet is IPv${services[0]}, but the first pod subnet is IPv${pods[0]}`
    return [
      {
        code: 'KW1034',
        path: pathOf('serviceSubnets', 0),
        message,
        hint: 'the families come in one order, the primary one first',
      },
    ]
  }
  if (services.length <= pods.length) return []
  const message = `there is no pod subnet of IPv${services[1]}, so its services could reach nothing`
  return [{ code: 'KW1034', path: pathOf('serviceSubnets', 1), message, hint: 'add a pod subnet of that family' }]
}

function checkOverlap({ podSubnets, serviceSubnets }: Networking): Finding[] {
  return serviceSubnets.flatMap((services, index) =>
    podSubnets
      .filter((pods) => overlaps(pods, services))
      .map((pods) => ({
        code: 'KW1031',
        path: pathOf('serviceSubnets', index),
        message: `the service subnet ${services} overlaps the pod subnet ${pods}`,
        hint: 'pods, services and nodes need addresses of their own',
      })),
  )
}

/** The bounds are kubeadm's. */
function checkServiceSize(subnet: string, index: number): Finding[] {
  const bits = familyOf(subnet) === 6 ? 128 : 32
  const [least, most] = [bits - 20, bits - 4]
  const prefix = prefixLength(subnet)
  if (prefix >= least && prefix <= most) return []
  const message = `the service subnet ${subnet} is too ${prefix < least ? 'large' : 'small'}`
  return [
    {
      code: 'KW1030',
      path: pathOf('serviceSubnets', index),
      message,
      hint: `its prefix is from /${least} to /${most}`,
    },
  ]
}

function checkNodeSubnets({ networking, hosts }: InventorySpec, subnet: string, index: number): Finding[] {
  const own = index === 0 ? networking.nodeCIDRMaskSize : undefined
  const mask = own ?? defaultNodeMaskSize(subnet)
  const [prefix, bits] = [prefixLength(subnet), familyOf(subnet) === 6 ? 128 : 32]
  const finding = (message: string, hint: string): Finding[] => [
    {
      code: 'KW1033',
      path: own === undefined ? pathOf('podSubnets', index) : ['spec', 'networking', 'nodeCIDRMaskSize'],
      message,
      hint,
    },
  ]
  if (mask > bits - 2) return finding(`a node's part /${mask} leaves no address for pods`, `use at most /${bits - 2}`)
  if (mask < prefix)
    return finding(
      `a node's part /${mask} does not fit into ${subnet}`,
      'use a larger pod subnet or set nodeCIDRMaskSize',
    )
  if (mask - prefix > 16) {
    return finding(
      `${subnet} has more than 65536 parts of /${mask}, which Kubernetes refuses`,
      `use at least /${mask - 16} or set nodeCIDRMaskSize`,
    )
  }
  const parts = 2 ** (mask - prefix)
  const nodes = hosts.filter(isNode).length
  if (parts >= nodes) return []
  return finding(
    `${subnet} has ${parts} parts of /${mask} for ${nodes} hosts`,
    'use a larger pod subnet or set nodeCIDRMaskSize',
  )
}

function checkRange({ subnet, kind, index }: ClusterSubnet): Finding[] {
  const range = unusableRanges[rangeOf(subnet.split('/')[0]!)]
  if (range === undefined) return []
  const message = `the ${kinds[kind]} subnet ${subnet} starts at ${range}, which is not routed`
  return [
    {
      code: 'KW1030',
      path: pathOf(kind, index),
      message,
      hint: 'use a private range, such as 10.244.0.0/16 or fd00:10:244::/56',
    },
  ]
}

function checkAddresses(spec: InventorySpec): Finding[] {
  const { controlPlaneEndpoint: endpoint, hosts, networking } = spec
  const named: { path: InventoryPath; what: string; address: string | undefined }[] = [
    { path: ['spec', 'controlPlaneEndpoint', 'address'], what: 'the endpoint', address: endpoint?.address },
    ...hosts.flatMap((host, index) => [
      { path: ['spec', 'hosts', index, 'address'], what: `the address of ${host.name}`, address: sshAddressOf(host) },
      { path: ['spec', 'hosts', index, 'nodeIP'], what: `the node IP of ${host.name}`, address: host.nodeIP },
    ]),
  ]
  return named.flatMap(({ path, what, address }) => {
    if (address === undefined || !isAddress(address)) return []
    return subnetsOf(networking)
      .filter(({ subnet }) => contains(subnet, address))
      .map(({ subnet, kind }): Finding => {
        const message = `${address}, ${what}, is inside the ${kinds[kind]} subnet ${subnet}`
        return { code: 'KW1032', path, message, hint: `choose other ${kind} under spec.networking` }
      })
  })
}

function checkNodeFamilies({ hosts, networking }: InventorySpec): Finding[] {
  const primary = familyOf(networking.podSubnets[0]!)
  return hosts.flatMap((host, index): Finding[] => {
    const nodeIP = knownNodeIP(host)
    if (nodeIP === undefined || familyOf(nodeIP) === primary) return []
    const message = `the node IP ${nodeIP} is not IPv${primary}, the family of the first pod subnet`
    const hint = 'set nodeIP to an address of that family, or put the other pod subnet first'
    return [{ code: 'KW1034', path: nodeIPPath(host, index), message, hint }]
  })
}

/** An address that moves among the control planes is nobody's own, and of the family by which the nodes talk. */
function checkVirtualIP({ controlPlaneEndpoint: endpoint, hosts, networking }: InventorySpec): Finding[] {
  const address = endpoint?.address
  if (endpoint?.provider !== 'virtual-ip' || address === undefined || !isAddress(address)) return []
  const path = ['spec', 'controlPlaneEndpoint', 'address']
  const wanted = canonicalAddress(address)
  const owner = hosts.find((host) =>
    [sshAddressOf(host), host.nodeIP].some(
      (own) => own !== undefined && isAddress(own) && canonicalAddress(own) === wanted,
    ),
  )
  if (owner !== undefined) {
    const message = `${address} is the address of ${owner.name}, which cannot move to another control plane`
    return [{ code: 'KW1027', path, message, hint: "choose a free address of the nodes' network" }]
  }
  const primary = familyOf(networking.podSubnets[0]!)
  if (familyOf(address) === primary) return []
  const message = `the virtual address ${address} is not IPv${primary}, the family of the first pod subnet`
  return [{ code: 'KW1034', path, message, hint: 'use an address of that family' }]
}

function checkEndpoint({ controlPlaneEndpoint: endpoint, hosts }: InventorySpec): Finding[] {
  const address = endpoint?.address
  const range = address !== undefined && isAddress(address) ? unusableRanges[rangeOf(address)] : undefined
  if (range === undefined || hosts.length === 1) return []
  const message = `${address} is ${range}, which means another machine on every host`
  const path = ['spec', 'controlPlaneEndpoint', 'address']
  return [
    { code: 'KW1027', path, message, hint: 'use an address that all hosts reach, or remove controlPlaneEndpoint' },
  ]
}
