import { applyPlan, type ApplyResult } from '../../src/engine/apply.ts'
import { makePlan, type Plan } from '../../src/engine/plan.ts'
import type { Agenda, Task } from '../../src/engine/task.ts'
import type { Context } from '../../src/tasks/context.ts'
import { Secret } from '../../src/transport/command.ts'
import type { SandboxHost } from './sandbox-host.ts'

const operation = {
  id: 'op-1',
  playbook: 'test',
  cluster: { id: 'cluster-1', name: 'lab' },
  inventory: 'f'.repeat(64),
  program: '0.0.0',
  startedBy: 'test',
  resumed: false,
}

type Tasks = Task<Context> | readonly Task<Context>[]

/** Plans tasks on a sandbox, as `kubewright plan` does. */
export async function planTasks(host: SandboxHost, tasks: Tasks, context: Context): Promise<Plan> {
  return makePlan(agendaOf(host, tasks, context), targetsOf(host))
}

/** Plans and applies tasks on a sandbox; rejects with the first error. */
export async function applyTasks(host: SandboxHost, tasks: Tasks, context: Context): Promise<ApplyResult> {
  const agenda = agendaOf(host, tasks, context)
  const targets = targetsOf(host)
  const result = await applyPlan({
    agenda,
    targets,
    plan: await makePlan(agenda, targets),
    operation,
    strict: true,
    unfinished: [],
    stop: new AbortController().signal,
    emit: () => undefined,
    toSecret: (text) => new Secret(text),
    now: () => new Date(),
  })
  const [error] = result.errors
  if (error !== undefined) throw error
  return result
}

/** `verb resource`, in the order of the plan. */
export function listed({ changes }: Plan): readonly string[] {
  return changes.map(({ resource, change }) => `${change.verb} ${resource}`)
}

/** What is different between two snapshots of a host, but for the bookkeeping in `/var/lib/kubewright`. */
export function touched(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): readonly string[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort()
  return paths.filter((path) => before.get(path) !== after.get(path) && !path.startsWith('/var/lib/kubewright'))
}

function agendaOf(host: SandboxHost, tasks: Tasks, context: Context): Agenda {
  const steps = [tasks].flat().map((each) => ({
    task: each.name,
    summary: each.summary,
    resources: each.resources(context),
  }))
  const hosts = [{ host: host.target.name, steps }]
  return { playbook: 'test', phases: [{ name: 'test', after: [], afterAny: [], concurrency: 1, hosts }] }
}

function targetsOf(host: SandboxHost): ReadonlyMap<string, SandboxHost['target']> {
  return new Map([[host.target.name, host.target]])
}
