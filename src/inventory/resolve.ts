import type {
  ArtifactOptions,
  Cluster,
  Cni,
  ControlPlaneEndpoint,
  ExternalEtcd,
  Networking,
  StaticPodOptions,
} from './cluster.ts'
import { inventoryDigest } from './digest.ts'
import { durationSeconds } from './duration.ts'
import { completeNoProxy } from './no-proxy.ts'
import { resolveLocal } from './references.ts'
import { knownNodeIP, resolveHost, sshAddressOf, type ResolveContext } from './resolve-host.ts'
import type { Inventory, InventorySpec } from './schema.ts'
import { namedList } from './settings.ts'
import { canonicalAddress, canonicalSubnet, familyOf, isAddress, nthAddress } from './subnets.ts'

/** Makes the cluster of an inventory in which nothing is wrong. */
export function resolveCluster(inventory: Inventory, text: string, context: ResolveContext): Cluster {
  const { spec } = inventory
  const hosts = spec.hosts.map((host) => resolveHost(spec, host, context))
  const networking = resolveNetworking(spec.networking)
  const controlPlaneEndpoint = resolveEndpoint(spec, networking)
  const { http, https, noProxy = [] } = spec.proxy ?? {}
  const { cni, etcd, apiServer, certificates } = spec
  return {
    name: inventory.metadata.name,
    inventory: { path: context.inventoryPath, digest: inventoryDigest(text, context.files) },
    kubernetesVersion: spec.kubernetesVersion,
    controlPlaneEndpoint,
    networking,
    cni: resolveCni(cni),
    imageRepositories: spec.imageRepositories,
    proxy: spec.proxy && { http, https, noProxy: completeNoProxy(noProxy, networking, controlPlaneEndpoint, hosts) },
    etcd: {
      ...resolveComponent(etcd, context),
      serverCertSANs: etcd.serverCertSANs,
      peerCertSANs: etcd.peerCertSANs,
      external: etcd.external && resolveExternalEtcd(etcd.external, context),
    },
    apiServer: { ...resolveComponent(apiServer, context), certSANs: apiServer.certSANs },
    controllerManager: resolveComponent(spec.controllerManager, context),
    scheduler: resolveComponent(spec.scheduler, context),
    kubeProxy: spec.kubeProxy,
    dns: spec.dns,
    certificates: {
      validity: durationSeconds(certificates.validity),
      caValidity: durationSeconds(certificates.caValidity),
      algorithm: certificates.algorithm,
    },
    artifacts: resolveArtifacts(spec.artifacts, context),
    preflight: spec.preflight,
    hosts,
  }
}

/** Prefix length of a node's part of a pod subnet when the inventory names none, as in Kubernetes. */
export function defaultNodeMaskSize(podSubnet: string): number {
  return familyOf(podSubnet) === 6 ? 64 : 24
}

/** Each network has its own options and defaults, which are those of its project. */
function resolveCni({ name, ...given }: InventorySpec['cni']): Cni {
  const { mtu } = given
  switch (name) {
    case 'flannel':
      return { name, backend: given.backend ?? 'vxlan', mtu, vni: given.vni ?? 1, port: given.port ?? 8472 }
    case 'calico': {
      const { encapsulation = 'vxlan', vni = 4096, port = 4789, blockSize = 26, ipv6BlockSize = 122 } = given
      return { name, encapsulation, mtu, vni, port, blockSize, ipv6BlockSize, typhaNodes: given.typhaNodes ?? 50 }
    }
    case 'none':
      return { name }
  }
}

function resolveNetworking(networking: InventorySpec['networking']): Networking {
  const podSubnets = networking.podSubnets.map(canonicalSubnet)
  const serviceSubnets = networking.serviceSubnets.map(canonicalSubnet)
  return {
    podSubnets,
    serviceSubnets,
    dnsDomain: networking.dnsDomain,
    dnsServiceIPs: serviceSubnets.map((subnet) => nthAddress(subnet, 10)),
    apiServiceIPs: serviceSubnets.map((subnet) => nthAddress(subnet, 1)),
    nodeCIDRMaskSize: networking.nodeCIDRMaskSize ?? defaultNodeMaskSize(podSubnets[0]!),
  }
}

function resolveEndpoint(spec: InventorySpec, { podSubnets }: Networking): ControlPlaneEndpoint {
  if (spec.controlPlaneEndpoint) {
    const { port, provider, address = familyOf(podSubnets[0]!) === 6 ? '::1' : '127.0.0.1' } = spec.controlPlaneEndpoint
    return { address: isAddress(address) ? canonicalAddress(address) : address, port, provider, explicit: true }
  }
  const first = spec.hosts.find(({ roles }) => roles.includes('control-plane'))!
  return { address: knownNodeIP(first) ?? sshAddressOf(first), port: 6443, provider: 'external', explicit: false }
}

function resolveComponent(component: InventorySpec['scheduler'], context: ResolveContext): StaticPodOptions {
  return {
    extraArgs: namedList(component.extraArgs),
    extraEnvs: namedList(component.extraEnvs),
    extraVolumes: component.extraVolumes,
    files: component.files.map(({ source, path, mode }) => ({
      path,
      content: context.files.get(source)!,
      mode: Number.parseInt(mode, 8),
    })),
    patches: component.patches.map(({ type, patch }) => ({ type, patch })),
  }
}

function resolveExternalEtcd(
  { endpoints, caFile, certFile, keyFile }: NonNullable<InventorySpec['etcd']['external']>,
  { inventoryPath, files }: ResolveContext,
): ExternalEtcd {
  return {
    endpoints,
    caCertificate: files.get(caFile)!,
    certificate: files.get(certFile)!,
    keyFile: resolveLocal(inventoryPath, keyFile),
  }
}

function resolveArtifacts(artifacts: InventorySpec['artifacts'], { inventoryPath }: ResolveContext): ArtifactOptions {
  const { source, path, url, delivery, images } = artifacts
  const bundle = source === 'bundle'
  return {
    source,
    path: path === undefined ? undefined : resolveLocal(inventoryPath, path),
    url: url?.replace(/\/+$/, ''),
    delivery: delivery ?? (bundle ? 'push' : 'pull'),
    images: images ?? (bundle ? 'artifacts' : 'registry'),
  }
}
