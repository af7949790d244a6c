import type { Finding } from '../../../src/engine/resource.ts'
import type { Task } from '../../../src/engine/task.ts'
import type { ClusterRecord } from '../../../src/host/facts.ts'
import type { Context } from '../../../src/tasks/context.ts'

/** Everything that a task of checks finds. */
export function findings(task: Task<Context>, context: Context): readonly Finding[] {
  return task.resources(context).flatMap((resource) => resource.examine?.(undefined) ?? [])
}

/** The same as `error Mem`, for short expectations. */
export function found(task: Task<Context>, context: Context): readonly string[] {
  return findings(task, context).map(({ severity, check }) => `${severity} ${check}`)
}

/** The text of all findings, for their figures. */
export function told(task: Task<Context>, context: Context): string {
  return findings(task, context)
    .map(({ message, hint }) => `${message}\n${hint}`)
    .join('\n')
}

/** The record of the cluster that `clusterOf` describes. */
export const own: ClusterRecord = { id: 'id-1', name: 'lab' }
