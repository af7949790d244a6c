import { z } from 'zod'
import type { Probe } from '../../engine/resource.ts'
import { manifestsDirectory } from '../../kubernetes/node.ts'
import { sh } from '../../transport/command.ts'
import type { AddonStatus, ComponentStatus, NodeStatus } from './model.ts'

/** What the API says of itself. */
export interface ApiStatus {
  readonly api: 'up' | 'down' | 'absent'
  readonly nodes: readonly Omit<NodeStatus, 'inInventory'>[]
  readonly components: readonly ComponentStatus[]
  readonly addons: readonly AddonStatus[]
}

const kubeconfig = '/etc/kubernetes/admin.conf'
const manifest = `${manifestsDirectory}/kube-apiserver.yaml`
const condition = z.object({ type: z.string(), status: z.string() })
const metadata = z.object({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) })

const nodeList = z.object({
  items: z.array(
    z.object({
      metadata,
      spec: z.object({ unschedulable: z.boolean().default(false) }).prefault({}),
      status: z.object({
        conditions: z.array(condition).default([]),
        addresses: z.array(z.object({ type: z.string(), address: z.string() })).default([]),
        nodeInfo: z.object({ kubeletVersion: z.string() }),
      }),
    }),
  ),
})
const podList = z.object({
  items: z.array(
    z.object({
      metadata,
      spec: z.object({
        nodeName: z.string().default(''),
        containers: z.array(z.object({ image: z.string() })).default([]),
      }),
      status: z.object({ conditions: z.array(condition).default([]) }),
    }),
  ),
})
const workloads = z.object({
  items: z.array(
    z.object({
      kind: z.string().optional(),
      metadata,
      spec: z.object({ replicas: z.number().optional() }).prefault({}),
      status: z.object({
        readyReplicas: z.number().optional(),
        numberReady: z.number().optional(),
        desiredNumberScheduled: z.number().optional(),
      }),
    }),
  ),
})

/**
 * Asks the API through kubectl on a control plane; nothing is cached on the host. It is the control plane's own API server, by
 * the address that it advertises: the endpoint in the kubeconfig may lead to another.
 */
export const apiProbe: Probe<ApiStatus> = {
  script: sh`[ -s ${kubeconfig} ] && command -v kubectl >/dev/null || { echo absent; exit; }
endpoint=$(sed -n 's|^ *kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint: *||p' ${manifest} | tr -d '"')
server=
[ -z "$endpoint" ] || server="--server https://$endpoint"
ask() {
  timeout 15 kubectl $server --kubeconfig ${kubeconfig} --cache-dir /dev/null/none --request-timeout 8s --output json get "$@" | tr -d '\n'
  echo
}
printf 'nodes '; ask nodes
printf 'pods '; ask pods --namespace kube-system --selector tier=control-plane
printf 'addons '; ask daemonsets,deployments --all-namespaces`,
  parse(output) {
    if (output.trim() === 'absent') return { api: 'absent', nodes: [], components: [], addons: [] }
    const nodes = nodeList.safeParse(answer(output, 'nodes')).data
    if (nodes === undefined) return { api: 'down', nodes: [], components: [], addons: [] }
    return {
      api: 'up',
      nodes: nodes.items.map(nodeStatus),
      components: (podList.safeParse(answer(output, 'pods')).data?.items ?? []).map(componentStatus),
      addons: (workloads.safeParse(answer(output, 'addons')).data?.items ?? []).flatMap(addonStatus),
    }
  },
}

const rolePrefix = 'node-role.kubernetes.io/'

function nodeStatus({ metadata, spec, status }: z.infer<typeof nodeList>['items'][number]): ApiStatus['nodes'][number] {
  const roles = Object.keys(metadata.labels).flatMap((label) =>
    label.startsWith(rolePrefix) ? [label.slice(rolePrefix.length)] : [],
  )
  return {
    name: metadata.name,
    roles: roles.length === 0 ? ['worker'] : roles.toSorted(),
    ready: isReady(status.conditions),
    schedulable: !spec.unschedulable,
    version: status.nodeInfo.kubeletVersion.replace(/^v/, ''),
    addresses: status.addresses.flatMap(({ type, address }) => (type === 'InternalIP' ? [address] : [])),
  }
}

function componentStatus({ metadata, spec, status }: z.infer<typeof podList>['items'][number]): ComponentStatus {
  const tag = spec.containers[0]?.image.replace(/@.*$/, '').split(':').at(-1) ?? ''
  return {
    node: spec.nodeName,
    name: metadata.labels['component'] ?? metadata.name,
    ready: isReady(status.conditions),
    version: tag.replace(/^v/, ''),
  }
}

const addonNames = new Set([
  'coredns',
  'kube-proxy',
  'kube-flannel-ds',
  'calico-node',
  'calico-kube-controllers',
  'calico-typha',
])

function addonStatus({ metadata, spec, status }: z.infer<typeof workloads>['items'][number]): readonly AddonStatus[] {
  if (!addonNames.has(metadata.name)) return []
  const wanted = status.desiredNumberScheduled ?? spec.replicas ?? 0
  return [{ name: metadata.name, ready: status.numberReady ?? status.readyReplicas ?? 0, wanted }]
}

function isReady(conditions: readonly z.infer<typeof condition>[]): boolean {
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
}

function answer(output: string, name: string): unknown {
  try {
    return JSON.parse(new RegExp(`^${name} (.*)$`, 'm').exec(output)?.[1] ?? '') as unknown
  } catch {
    return undefined
  }
}
