import { isObject, jsonOf } from '../host/facts-sections.ts'

/** A pod of a node that is being drained. */
export interface NodePod {
  /** `default/web-1`. */
  readonly name: string
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
  /** The kind of its controller; undefined for a bare pod, which nobody makes again. */
  readonly controller: string | undefined
  /** Its manifest is a file on the host. */
  readonly mirror: boolean
  readonly finished: boolean
  /** It ends whatever we do: it was deleted, or its namespace, whose pods follow some seconds later. */
  readonly terminating: boolean
  /** It keeps data in the node's own storage, which goes with it. */
  readonly emptyDir: boolean
}

/** A PodDisruptionBudget. */
export interface Budget {
  readonly name: string
  readonly namespace: string
  readonly selector: unknown
  readonly allowed: number
  readonly healthy: number
  readonly needed: number
}

/** What the API says of a node that is being drained. */
export interface NodePods {
  /** Undefined: the API has no such node. */
  readonly node: { readonly unschedulable: boolean } | undefined
  readonly pods: readonly NodePod[]
  readonly budgets: readonly Budget[]
}

/** Columns of one line for each node, namespace, pod and budget; what `parseNodePods` reads. */
export const evictionColumns = {
  node: '{range .items[*]}node{"\\t"}{.spec.unschedulable}{"\\n"}{end}',
  namespaces: columns('namespace', ['{.metadata.name}', '{.metadata.deletionTimestamp}']),
  pods: columns('pod', [
    '{.metadata.namespace}',
    '{.metadata.name}',
    '{.metadata.labels}',
    '{.metadata.ownerReferences[?(@.controller==true)].kind}',
    String.raw`{.metadata.annotations.kubernetes\.io/config\.mirror}`,
    '{.status.phase}',
    '{.metadata.deletionTimestamp}',
    '{.spec.volumes[*].emptyDir}',
  ]),
  budgets: columns('budget', [
    '{.metadata.namespace}',
    '{.metadata.name}',
    '{.spec.selector}',
    '{.status.disruptionsAllowed}',
    '{.status.currentHealthy}',
    '{.status.desiredHealthy}',
  ]),
} as const

function columns(kind: string, fields: readonly string[]): string {
  return `{range .items[*]}${[kind, ...fields].join('{"\\t"}')}{"\\n"}{end}`
}

/** Reads those lines; undefined unless the last one says that they are complete. */
export function parseNodePods(output: string): NodePods | undefined {
  const lines = output.trimEnd().split('\n')
  if (lines.at(-1) !== 'complete') return undefined
  const rows = lines.map((line) => line.split('\t'))
  const of = (kind: string): readonly (readonly string[])[] => rows.filter(([first]) => first === kind)
  const [node] = of('node')
  const ending = new Set(of('namespace').flatMap(([, name = '', deletion = '']) => (deletion === '' ? [] : [name])))
  return {
    node: node === undefined ? undefined : { unschedulable: node[1] === 'true' },
    pods: of('pod').map((row) => podOf(row, ending)),
    budgets: of('budget').map(([, namespace = '', name = '', selector, allowed, healthy, needed]) => ({
      name: `${namespace}/${name}`,
      namespace,
      selector: jsonOf(selector),
      allowed: Number(allowed ?? 0),
      healthy: Number(healthy ?? 0),
      needed: Number(needed ?? 0),
    })),
  }
}

function podOf(row: readonly string[], endingNamespaces: ReadonlySet<string>): NodePod {
  const [, namespace = '', name = '', labels, kind, mirror, phase, deletion = '', emptyDir] = row
  const known = jsonOf(labels)
  return {
    name: `${namespace}/${name}`,
    namespace,
    labels: isObject(known) ? (known as Readonly<Record<string, string>>) : {},
    controller: kind === undefined || kind === '' ? undefined : kind,
    mirror: (mirror ?? '') !== '',
    finished: phase === 'Succeeded' || phase === 'Failed',
    terminating: deletion !== '' || endingNamespaces.has(namespace),
    emptyDir: (emptyDir ?? '') !== '',
  }
}

/** The pods that a drain moves away: not those that belong to the node itself, nor those that have ended. */
export function leavingPods({ pods }: Pick<NodePods, 'pods'>): readonly NodePod[] {
  return pods.filter(({ mirror, finished, controller }) => !mirror && !finished && controller !== 'DaemonSet')
}

/** Why a pod is still there: the budget that keeps it, or that it is on its way. */
export function delayOf(pod: NodePod, budgets: readonly Budget[]): string {
  if (pod.terminating) return `${pod.name} (is ending)`
  const keeper = budgets.find((budget) => budget.allowed <= 0 && covers(budget, pod))
  if (keeper === undefined) return pod.name
  return `${pod.name} (kept by the PodDisruptionBudget ${keeper.name}: ${keeper.healthy} healthy, ${keeper.needed} needed)`
}

/** Whether a budget is about the pod: an empty selector takes all pods of its namespace. */
export function covers({ namespace, selector }: Budget, pod: NodePod): boolean {
  if (namespace !== pod.namespace || !isObject(selector)) return false
  const labels = isObject(selector['matchLabels']) ? selector['matchLabels'] : {}
  const expressions = Array.isArray(selector['matchExpressions']) ? (selector['matchExpressions'] as unknown[]) : []
  return (
    Object.entries(labels).every(([key, value]) => pod.labels[key] === value) &&
    expressions.every((expression) => isObject(expression) && holds(expression, pod.labels))
  )
}

function holds(
  { key, operator, values }: Readonly<Record<string, unknown>>,
  labels: Readonly<Record<string, string>>,
): boolean {
  const value = labels[String(key)]
  const named = Array.isArray(values) && value !== undefined && values.includes(value)
  switch (operator) {
    case 'In':
      return named
    case 'NotIn':
      return !named
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default:
      return false
  }
}
