import type { Finding, Resource } from '../../engine/resource.ts'
import { task, type Task } from '../../engine/task.ts'
import { isNode } from '../../inventory/roles.ts'
import { sh } from '../../transport/command.ts'
import type { Context } from '../context.ts'
import { leader } from '../control-planes.ts'

/** Looks at the facts for one thing that can go wrong. What is not known is no finding. */
export type Check = (context: Context) => readonly Finding[]

/** A resource that only examines: it is always as it shall be, and runs nothing on the host. */
export function check(id: string, examine: () => readonly Finding[]): Resource {
  return {
    id: `preflight:${id}`,
    probe: { script: sh``, parse: () => undefined },
    compare: () => undefined,
    digest: () => undefined,
    examine,
  }
}

/** A task of checks, by the names that make their ids. */
export function checks(name: string, summary: string, list: Readonly<Record<string, Check>>): Task<Context> {
  return task({
    name,
    summary,
    resources: (context: Context) => Object.entries(list).map(([id, examine]) => check(id, () => examine(context))),
  })
}

/** A finding that stops the run unless it is ignored by its id. */
export function error(check: string, message: string, hint: string): Finding {
  return { check, severity: 'error', message, hint }
}

/** A finding that stops the run and cannot be ignored: what would follow cannot be taken back. */
export function refusal(check: string, message: string, hint: string): Finding {
  return { ...error(check, message, hint), final: true }
}

/** A finding that is only told. */
export function warning(check: string, message: string, hint: string): Finding {
  return { check, severity: 'warning', message, hint }
}

/** `a`, `a and b`, `a, b and c`. */
export function enumerate(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

/** What only nodes need: pods, their network, kube-proxy. */
export function onNodes(examine: Check): Check {
  return (context) => (isNode(context.host) ? examine(context) : [])
}

/** Whether the host is a control plane. */
export function isControlPlane({ host }: Context): boolean {
  return host.roles.includes('control-plane')
}

/** Whether this host of the run speaks for the cluster, so that a finding about the cluster is told, and once: the one that leads, if it takes part. */
export function speaksForCluster(context: Context): boolean {
  const leading = leader(context)
  return (context.run.includes(leading) ? leading : context.run[0]) === context.host.name
}
