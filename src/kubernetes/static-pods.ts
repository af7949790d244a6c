import type { Cluster, ExtraArg, Host, StaticPodOptions } from '../inventory/cluster.ts'
import { applyPatches } from '../render/patch.ts'
import { renderYaml } from '../render/template.ts'
import * as component from './component-flags.ts'
import type { EtcdStart } from './component-flags.ts'
import { commandFlags, flagValue } from './flags.ts'
import { apiServerPort, joinHostPort, loopbackOf } from './node.ts'
import { inputsAnnotation, inputsDigest } from './inputs.ts'
import type { Inputs } from './inputs.ts'
import { kubernetesObject } from './object.ts'
import type { KubernetesObject } from './object.ts'
import { imagesOf } from './versions.ts'
import { etcdMounts, extraMounts, kubeconfigMount, pkiMounts, sortedByName, volumesOf } from './volumes.ts'
import type { HostPathMount } from './volumes.ts'

export type { EtcdMember, EtcdStart } from './component-flags.ts'
export { inputsAnnotation, inputsDigest, inputsOfFiles } from './inputs.ts'

/** What the facts of a control plane add to the inventory. */
export interface StaticPodView {
  readonly nodeIP: string
  /** Which of kubeadm's CA directories exist on the host. */
  readonly caDirectories: readonly string[]
  /** Digest by path of the files whose change has to restart the pod; without any there is no annotation. */
  readonly inputs: Inputs
  /** Client URLs of an etcd that is not on this host. */
  readonly etcdServers?: readonly string[] | undefined
}

export type EtcdView = StaticPodView & EtcdStart

/** etcd as a static pod. */
export function etcdPod(cluster: Cluster, host: Host, view: EtcdView): KubernetesObject {
  const { extraArgs } = cluster.etcd
  const { scheme, address, port } = etcdProbe(extraArgs, view.nodeIP)
  const flags = component.etcdFlags(host, view.nodeIP, view)
  const mounts = [...etcdMounts(host.directories.etcd), ...extraMounts(cluster.etcd)]
  return staticPod('etcd/etcd.yaml', 'etcd', cluster.etcd, view, {
    advertiseClientURLs: component.etcdClientURL(view.nodeIP),
    image: imagesOf(cluster).etcd,
    flags: commandFlags(flags, extraArgs),
    probe: { host: address, port, scheme },
    ...volumesOf(mounts),
  })
}

/** The API server as a static pod. */
export function apiServerPod(cluster: Cluster, _host: Host, view: StaticPodView): KubernetesObject {
  const { apiServer } = cluster
  const port = apiServerPort(cluster)
  return staticPod('control-plane/kube-apiserver.yaml', 'apiServer', apiServer, view, {
    advertiseEndpoint: joinHostPort(view.nodeIP, port),
    image: imagesOf(cluster).apiServer,
    flags: commandFlags(component.apiServerFlags(cluster, view.nodeIP, view.etcdServers), apiServer.extraArgs),
    probe: { host: probeHost(view.nodeIP), port },
    ...volumesOf(sortedMounts(pkiMounts(view.caDirectories), apiServer)),
  })
}

/** The controller manager as a static pod. */
export function controllerManagerPod(cluster: Cluster, _host: Host, view: StaticPodView): KubernetesObject {
  const { controllerManager } = cluster
  const extraArgs = component.controllerManagerExtraArgs(cluster)
  const mounts = [...pkiMounts(view.caDirectories), kubeconfigMount('controller-manager.conf')]
  return staticPod('control-plane/kube-controller-manager.yaml', 'controllerManager', controllerManager, view, {
    image: imagesOf(cluster).controllerManager,
    flags: commandFlags(component.controllerManagerFlags(cluster), extraArgs),
    probe: { host: probeHost(flagValue(extraArgs, 'bind-address') ?? '127.0.0.1') },
    ...volumesOf(sortedMounts(mounts, controllerManager)),
  })
}

/** The scheduler as a static pod. */
export function schedulerPod(cluster: Cluster, _host: Host, view: StaticPodView): KubernetesObject {
  const { scheduler } = cluster
  return staticPod('control-plane/kube-scheduler.yaml', 'scheduler', scheduler, view, {
    image: imagesOf(cluster).scheduler,
    flags: commandFlags(component.schedulerFlags(), scheduler.extraArgs),
    probe: { host: probeHost(flagValue(scheduler.extraArgs, 'bind-address') ?? '127.0.0.1') },
    ...volumesOf(sortedMounts([kubeconfigMount('scheduler.conf')], scheduler)),
  })
}

function staticPod(
  template: string,
  field: 'etcd' | 'apiServer' | 'controllerManager' | 'scheduler',
  options: StaticPodOptions,
  { inputs }: StaticPodView,
  view: Readonly<Record<string, unknown>>,
): KubernetesObject {
  const rendered = renderYaml(template, { ...view, env: environment(options.extraEnvs) })
  const pod = annotated(kubernetesObject(rendered, `template ${template}`), inputsDigest(inputs))
  return applyPatches(pod, options.patches, `spec.${field}.patches`)
}

function annotated(pod: KubernetesObject, digest: string | undefined): KubernetesObject {
  if (digest === undefined) return pod
  const annotations = { ...pod.metadata.annotations, [inputsAnnotation]: digest }
  return { ...pod, metadata: { ...pod.metadata, annotations } }
}

function sortedMounts(mounts: readonly HostPathMount[], options: StaticPodOptions): readonly HostPathMount[] {
  return sortedByName([...new Map([...mounts, ...extraMounts(options)].map((mount) => [mount.name, mount])).values()])
}

// As kubeadm: of two with one name the later counts, and they are sorted.
function environment(extraEnvs: readonly ExtraArg[]): readonly ExtraArg[] {
  const unique = [...new Map(extraEnvs.map((variable) => [variable.name, variable])).values()]
  return unique.toSorted((one, other) => (one.name < other.name ? -1 : 1))
}

// Nobody answers on "all addresses": without a host the kubelet asks the pod's own.
function probeHost(address: string): string {
  return address === '0.0.0.0' || address === '::' ? '' : address
}

// The probes follow the first metrics URL that the inventory gives.
function etcdProbe(extraArgs: readonly ExtraArg[], nodeIP: string): { scheme: string; address: string; port: number } {
  const fallback = { scheme: 'HTTP', address: loopbackOf(nodeIP), port: component.etcdPorts.metrics }
  const first = flagValue(extraArgs, 'listen-metrics-urls')?.split(',')[0] ?? ''
  const url = /^(?<scheme>https?):\/\/(?:\[(?<ipv6>[^\]]+)\]|(?<host>[^:/]*))(?::(?<port>\d+))?/.exec(first)?.groups
  if (url === undefined) return fallback
  return {
    scheme: url['scheme'] === 'https' ? 'HTTPS' : 'HTTP',
    address: (url['ipv6'] ?? url['host']) || fallback.address,
    port: Number(url['port'] ?? fallback.port),
  }
}
