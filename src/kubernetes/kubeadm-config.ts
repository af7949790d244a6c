import type { Cluster, ExtraArg, ExtraVolume, StaticPodOptions } from '../inventory/cluster.ts'
import { renderYaml } from '../render/template.ts'
import type { Mapping } from '../render/yaml.ts'
import { controllerManagerExtraArgs } from './component-flags.ts'
import { etcdClientFiles } from './etcd-topology.ts'
import { clusterName, endpointPort, firstControlPlane, joinHostPort, pkiDirectory } from './node.ts'
import { imagesOf } from './versions.ts'
import { extraMounts } from './volumes.ts'

/**
 * The ClusterConfiguration (v1beta4) that kubeadm would store for this inventory, so that kubeadm can go on from it; `etcdServers`
 * are the client URLs of an etcd that is not on the control planes.
 */
export function clusterConfiguration(cluster: Cluster, etcdServers?: readonly string[]): Mapping {
  const { networking, certificates, controlPlaneEndpoint, kubernetesVersion } = cluster
  const { address, explicit } = controlPlaneEndpoint
  const repositories = imageRepositories(cluster)
  const shape = renderYaml('bootstrap/cluster-configuration.yaml', {
    kubernetesVersion: `v${kubernetesVersion}`,
    clusterName,
    certificatesDir: pkiDirectory,
    imageRepository: repositories.base,
    encryptionAlgorithm: certificates.algorithm,
    certificateValidityPeriod: goDuration(certificates.validity),
    caCertificateValidityPeriod: goDuration(certificates.caValidity),
    dnsDomain: networking.dnsDomain,
    podSubnet: networking.podSubnets.join(','),
    serviceSubnet: networking.serviceSubnets.join(','),
    etcdDataDir: firstControlPlane(cluster.hosts).directories.etcd,
  })
  return {
    ...shape,
    ...(explicit ? { controlPlaneEndpoint: joinHostPort(address, endpointPort(cluster)) } : {}),
    dns: given({ imageRepository: repositories.dns }),
    apiServer: { ...component(cluster.apiServer), ...given({ certSANs: cluster.apiServer.certSANs }) },
    controllerManager: component({ ...cluster.controllerManager, extraArgs: controllerManagerExtraArgs(cluster) }),
    scheduler: component(cluster.scheduler),
    etcd:
      etcdServers === undefined
        ? { local: { ...localEtcd(cluster), ...(shape['etcd'] as { readonly local: Mapping }).local } }
        : { external: externalEtcd(etcdServers) },
  }
}

/** A duration as Go prints it: `8760h0m0s`. */
export function goDuration(seconds: number): string {
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor((seconds % 3600) / 60)
  if (hours > 0) return `${hours}h${minutes}m${seconds % 60}s`
  return minutes > 0 ? `${minutes}m${seconds % 60}s` : `${seconds % 60}s`
}

// kubeadm has no extra volumes and no files for etcd; those are in its manifest alone.
function localEtcd({ etcd, ...cluster }: Cluster): Mapping {
  const { extraArgs, extraEnvs, serverCertSANs, peerCertSANs } = etcd
  const { etcd: imageRepository } = imageRepositories({ etcd, ...cluster })
  return given({ imageRepository, extraArgs, extraEnvs, serverCertSANs, peerCertSANs })
}

function externalEtcd(endpoints: readonly string[]): Mapping {
  const { ca: caFile, certificate: certFile, key: keyFile } = etcdClientFiles
  // kubeadm takes the endpoints for HTTP, too, where nobody names others.
  return { endpoints, httpEndpoints: endpoints, caFile, certFile, keyFile }
}

function component(options: StaticPodOptions): Mapping {
  const { extraArgs, extraEnvs } = options
  return given({ extraArgs, extraEnvs, extraVolumes: extraMounts(options).map(hostPathMount) })
}

function hostPathMount({ name, hostPath, mountPath, readOnly, pathType }: ExtraVolume): Mapping {
  return { name, hostPath, mountPath, ...(readOnly ? { readOnly } : {}), ...(pathType === '' ? {} : { pathType }) }
}

/** Leaves out what is not there, as Go's `omitempty` does. */
function given(
  fields: Readonly<Record<string, string | undefined | readonly (string | ExtraArg | Mapping)[]>>,
): Mapping {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value.length > 0))
}

// kubeadm joins these with the names of its images; where the inventory maps one image elsewhere, its own field says so.
function imageRepositories(cluster: Cluster): { base: string; dns: string | undefined; etcd: string | undefined } {
  const images = imagesOf(cluster)
  const base = repositoryOf(images.apiServer, 'kube-apiserver')
  const dns = repositoryOf(images.coredns, 'coredns')
  const etcd = repositoryOf(images.etcd, 'etcd')
  // Only for its own default does kubeadm know that CoreDNS is one level deeper.
  const dnsExpected = base === 'registry.k8s.io' ? `${base}/coredns` : base
  return { base, dns: dns === dnsExpected ? undefined : dns, etcd: etcd === base ? undefined : etcd }
}

function repositoryOf(image: string, name: string): string {
  const repository = image.slice(0, image.lastIndexOf(':'))
  return repository.endsWith(`/${name}`) ? repository.slice(0, -name.length - 1) : repository
}
