import { compareAll, stateDigest } from './compare.ts'
import { KubewrightError, KubewrightErrors, errorsIn } from './errors.ts'
import type { Change, Finding } from './resource.ts'
import type { Target } from './target.ts'
import type { Agenda, Phase } from './task.ts'

export interface PlannedChange {
  readonly host: string
  readonly phase: string
  readonly task: string
  /** What the task does, for people. */
  readonly title: string
  readonly resource: string
  readonly change: Change
}

export interface HostFinding {
  readonly host: string
  readonly finding: Finding
}

/** What a run would do. Its entries are made from the very actions that `apply` carries out. */
export interface Plan {
  readonly changes: readonly PlannedChange[]
  readonly findings: readonly HostFinding[]
  /** Digest of what was compared, by `host resource`. */
  readonly digests: ReadonlyMap<string, string>
}

/** Reads and compares everything on the agenda, one execution a host; rejects with the errors of all hosts at once. */
export async function makePlan(agenda: Agenda, targets: ReadonlyMap<string, Target>): Promise<Plan> {
  const hosts = [...new Set(agenda.phases.flatMap((phase) => phase.hosts.map(({ host }) => host)))]
  const outcomes = await Promise.allSettled(hosts.map((host) => planHost(host, agenda.phases, target(targets, host))))
  const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? errorsIn(outcome.reason) : []))
  if (errors.length > 0) throw new KubewrightErrors(errors)
  const plans = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  const changes = plans.flatMap((plan) => plan.changes)
  const order = new Map(agenda.phases.map((phase, index) => [phase.name, index]))
  return {
    changes: [...changes, ...witnesses(agenda, changes)].toSorted(
      (one, other) => (order.get(one.phase) ?? 0) - (order.get(other.phase) ?? 0),
    ),
    findings: plans.flatMap((plan) => plan.findings),
    digests: new Map(plans.flatMap((plan) => [...plan.digests])),
  }
}

async function planHost(host: string, phases: readonly Phase[], target: Target): Promise<Plan> {
  const steps = phases.flatMap((phase) =>
    phase.hosts
      .filter((part) => part.host === host)
      .flatMap((part) => part.steps.map((step) => ({ phase: phase.name, step }))),
  )
  const resources = steps.flatMap(({ step }) => step.resources)
  assertUnique(
    host,
    resources.map((resource) => resource.id),
  )
  const states = await target.probe(resources)
  const changed = new Set<string>()
  const changes = steps.flatMap(({ phase, step }) =>
    compareAll(step.resources, states, changed).map(({ resource, change }): PlannedChange => ({
      host,
      phase,
      task: step.task,
      title: step.summary,
      resource: resource.id,
      change,
    })),
  )
  const findings = resources.flatMap((resource) =>
    (resource.examine?.(states.get(resource.id)) ?? []).map((finding) => ({ host, finding })),
  )
  const digests = resources.flatMap((resource): [string, string][] => {
    const digest = stateDigest(resource, states.get(resource.id))
    return digest === undefined ? [] : [[`${host} ${resource.id}`, digest]]
  })
  return { changes, findings, digests: new Map(digests) }
}

/** Resources whose input is everything are due when anything is, on whatever host. */
function witnesses(agenda: Agenda, changes: readonly PlannedChange[]): readonly PlannedChange[] {
  const changed = changes.filter(({ change }) => change.verb !== 'wait').map(({ resource }) => resource)
  if (changed.length === 0) return []
  return agenda.phases.flatMap((phase) =>
    phase.hosts.flatMap(({ host, steps }) =>
      steps.flatMap(({ task, summary, resources }) =>
        resources.flatMap((resource): PlannedChange[] => {
          const due = changes.some((known) => known.host === host && known.resource === resource.id)
          if (due || resource.stale === undefined || !resource.inputs?.includes('*')) return []
          const change = resource.stale(changed)
          return [{ host, phase: phase.name, task, title: summary, resource: resource.id, change }]
        }),
      ),
    ),
  )
}

function target(targets: ReadonlyMap<string, Target>, host: string): Target {
  const found = targets.get(host)
  if (found === undefined) throw new Error(`no connection for host ${host}`)
  return found
}

function assertUnique(host: string, ids: readonly string[]): void {
  const twice = ids.find((id, index) => ids.indexOf(id) !== index)
  if (twice === undefined) return
  throw new KubewrightError({
    code: 'KW0002',
    exit: 'internal',
    host,
    resource: twice,
    message: `Two tasks of the playbook manage ${twice} on ${host}`,
    hint: 'Remove one of the tasks from the playbook.',
  })
}
