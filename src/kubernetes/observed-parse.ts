import { parse as parseYaml } from 'yaml'
import { filesOf, isObject, jsonOf, linesOf, sectionsOf, textOf, type Sections } from '../host/facts-sections.ts'
import { parseNetworkOptions } from './network.ts'
import { manifestsDirectory as manifests, pkiDirectory as pki } from './node.ts'
import { authorityNames, superAdminKubeconfig } from './observed-paths.ts'
import type {
  LivingConfiguration,
  Observed,
  ObservedAuthority,
  ObservedControlPlane,
  ObservedNode,
} from './observed.ts'
import { parseMembers } from './etcd-members.ts'

/** What one control plane says. */
interface View {
  readonly host: string
  readonly files: ReadonlyMap<string, string>
  readonly paths: ReadonlySet<string>
  /** `path:flag=value` of the static pods. */
  readonly flags: readonly string[]
  /** Lines of nodes and DaemonSets; undefined if the API did not answer. */
  readonly objects: readonly string[] | undefined
  readonly version: string | undefined
  readonly configuration: Readonly<Record<string, unknown>> | undefined
  readonly ledAt: number
  readonly etcdMembers: ObservedControlPlane['etcdMembers']
}

type Outputs = ReadonlyMap<string, string>

/**
 * The state of the cluster in the outputs of `observedScript`, by the names of the control planes and of the hosts that run etcd
 * alone. The first API server that answers speaks for all.
 */
export function parseObserved(outputs: Outputs, etcdOutputs: Outputs = new Map()): Observed {
  const [controlPlanes, etcdHosts] = [viewsOf(outputs), viewsOf(etcdOutputs)]
  const views = [...controlPlanes, ...etcdHosts]
  const up = views.find((view) => view.objects !== undefined)
  const objects = (up?.objects ?? []).map((line) => line.split('\t'))
  const begun = views.filter((view) => hasEtcdMember(view) || view.paths.has(`${manifests}/kube-apiserver.yaml`))
  return {
    exists: begun.length > 0 || views.some((view) => view.files.size > 0),
    api: up === undefined ? (begun.length > 0 ? 'unknown' : 'absent') : 'up',
    authorities: Object.fromEntries(authorityNames.flatMap((name) => authority(name, views))),
    serviceAccountPublicKey: first(views, (view) => view.files.get(`${pki}/sa.pub`)),
    nodes: objects.filter(([kind]) => kind === 'Node').map(nodeOf),
    kubernetesVersion: up?.version,
    clusterConfiguration: up?.configuration,
    living: livingOf(up) ?? first(views.filter(hasState), livingOfStaticPods),
    cnis: cnisOf(objects),
    network: networkOf(objects),
    controlPlanes: controlPlanes.map(controlPlaneOf),
    etcdHosts: etcdHosts.map((view) => ({
      host: view.host,
      hasEtcdData: hasEtcdMember(view),
      etcdMembers: view.etcdMembers,
    })),
    externalEtcd: [],
  }
}

function viewsOf(outputs: Outputs): readonly View[] {
  return [...outputs].map(([host, output]) => viewOf(host, sectionsOf(output)))
}

function viewOf(host: string, sections: Sections): View {
  const files = [...filesOf(sections, 'observed.public')].filter(([, text]) => text.includes('-----BEGIN '))
  const objects = linesOf(sections, 'observed.objects')
  return {
    host,
    files: new Map(files.map(([path, text]) => [path, `${text}\n`])),
    paths: new Set(linesOf(sections, 'observed.paths')),
    flags: linesOf(sections, 'observed.flags'),
    objects: objects.at(-1) === 'complete' ? objects.slice(0, -1) : undefined,
    version: versionOf(jsonOf(sections.get('observed.version'))),
    configuration: configurationOf(jsonOf(sections.get('observed.configuration'))),
    ledAt: Number(linesOf(sections, 'observed.led')[0] ?? 0),
    etcdMembers: parseMembers(sections.get('observed.etcd') ?? ''),
  }
}

function controlPlaneOf(view: View): ObservedControlPlane {
  const { host, ledAt, etcdMembers, objects } = view
  const silent = view.paths.has(`${manifests}/kube-apiserver.yaml`) ? 'silent' : 'absent'
  return {
    host,
    hasEtcdData: hasEtcdMember(view),
    apiServer: objects === undefined ? silent : 'up',
    etcdElsewhere: etcdElsewhere(view),
    hasSuperAdmin: view.paths.has(superAdminKubeconfig),
    ledAt,
    etcdMembers,
  }
}

function etcdElsewhere(view: View): readonly string[] {
  const servers = listOf(flagOf(view, 'kube-apiserver', '--etcd-servers=')) ?? []
  return servers.filter((server) => !/^https?:\/\/(?:127\.|\[::1\]|localhost)/.test(server))
}

/** Whether the state of the cluster is, or was, within its reach. */
function hasState(view: View): boolean {
  return hasEtcdMember(view) || etcdElsewhere(view).length > 0
}

function hasEtcdMember(view: View): boolean {
  return [...view.paths].some((path) => path.endsWith('/member'))
}

function first<Value>(views: readonly View[], of: (view: View) => Value | undefined): Value | undefined {
  return views.map(of).find((value) => value !== undefined)
}

function authority(name: string, views: readonly View[]): readonly (readonly [string, ObservedAuthority])[] {
  const path = `${pki}/${name}.crt`
  const holders = views.filter((view) => view.files.has(path))
  const keyOn = views.filter((view) => view.paths.has(`${pki}/${name}.key`)).map((view) => view.host)
  const certificate = holders[0]?.files.get(path)
  if (certificate === undefined) return []
  const differing = holders.filter((view) => view.files.get(path) !== certificate)
  const names = (some: readonly View[]): readonly string[] => some.map((view) => view.host)
  return [[name, { certificate, certificateOn: names(holders), keyOn, differsOn: names(differing) }]]
}

function versionOf(value: unknown): string | undefined {
  const version = isObject(value) ? textOf(value['gitVersion']).replace(/^v/, '') : ''
  return version === '' ? undefined : version
}

/** The ClusterConfiguration in the ConfigMap; undefined if it is not readable as YAML. */
function configurationOf(configMap: unknown): View['configuration'] {
  const data = isObject(configMap) ? configMap['data'] : undefined
  const text = isObject(data) ? textOf(data['ClusterConfiguration']) : ''
  try {
    const value: unknown = parseYaml(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function livingOf(view: View | undefined): LivingConfiguration | undefined {
  const configuration = view?.configuration
  if (view === undefined || configuration === undefined) return undefined
  const networking = isObject(configuration['networking']) ? configuration['networking'] : {}
  return {
    kubernetesVersion: orUndefined(textOf(configuration['kubernetesVersion']).replace(/^v/, '')),
    podSubnets: listOf(textOf(networking['podSubnet'])),
    serviceSubnets: listOf(textOf(networking['serviceSubnet'])),
    dnsDomain: orUndefined(textOf(networking['dnsDomain'])),
    apiServerPort: apiServerPortOf(view),
  }
}

/** The same from the flags of the static pods, which are there when the API is not. */
function livingOfStaticPods(view: View): LivingConfiguration | undefined {
  const value = (pod: string, flag: string): string => flagOf(view, pod, flag)
  const image = value('kube-apiserver', 'image:')
  if (image === '') return undefined
  return {
    kubernetesVersion: /:v(\d+\.\d+\.\d+[^@]*)/.exec(image)?.[1],
    podSubnets: listOf(value('kube-controller-manager', '--cluster-cidr=')),
    serviceSubnets: listOf(value('kube-apiserver', '--service-cluster-ip-range=')),
    dnsDomain: /^https:\/\/kubernetes\.default\.svc\.(.+)$/.exec(
      value('kube-apiserver', '--service-account-issuer='),
    )?.[1],
    apiServerPort: apiServerPortOf(view),
  }
}

function apiServerPortOf(view: View): number | undefined {
  const port = flagOf(view, 'kube-apiserver', '--secure-port=')
  return port === '' ? undefined : Number(port)
}

/** A flag of a static pod, empty if it is not there. */
function flagOf({ flags }: View, pod: string, flag: string): string {
  const prefix = `${manifests}/${pod}.yaml:${flag}`
  const line = flags.find((candidate) => candidate.startsWith(prefix))
  return line?.slice(prefix.length).trim() ?? ''
}

function orUndefined(text: string): string | undefined {
  return text === '' ? undefined : text
}

function listOf(text: string): readonly string[] | undefined {
  return text === '' ? undefined : text.split(',').map((item) => item.trim())
}

/** The columns of `observedScript`. Several values of one path are separated by spaces; lists and maps are JSON. */
function nodeOf([
  ,
  name = '',
  version = '',
  ready,
  addresses = '',
  podCIDRs,
  unschedulable,
  labels,
]: readonly string[]): ObservedNode {
  const cidrs = jsonOf(podCIDRs)
  const known = jsonOf(labels)
  return {
    name,
    ready: ready === 'True',
    kubeletVersion: version.replace(/^v/, ''),
    internalIPs: addresses.split(' ').filter((address) => address !== ''),
    podCIDRs: Array.isArray(cidrs) ? cidrs.map(String) : [],
    controlPlane: isObject(known) && 'node-role.kubernetes.io/control-plane' in known,
    unschedulable: unschedulable === 'true',
  }
}

/** CNIs by the name of the DaemonSet that runs on every node. */
const cniDaemonSets: Readonly<Record<string, string>> = {
  'kube-flannel-ds': 'flannel',
  'calico-node': 'calico',
  canal: 'canal',
  cilium: 'cilium',
  'weave-net': 'weave',
  'kube-router': 'kube-router',
  'antrea-agent': 'antrea',
}

/** Of the first DaemonSet with our annotation, the last of the columns. */
function networkOf(objects: readonly (readonly string[])[]): Observed['network'] {
  const annotations = objects.flatMap(([kind, , , , , , , , network = '']) => (kind === 'DaemonSet' ? [network] : []))
  return annotations.map(parseNetworkOptions).find((options) => options !== undefined)
}

function cnisOf(objects: readonly (readonly string[])[]): readonly string[] {
  const names = objects.flatMap(([kind, name = '']) => (kind === 'DaemonSet' ? (cniDaemonSets[name] ?? []) : []))
  return [...new Set(names)]
}
