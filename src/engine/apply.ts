import type { Secret } from '../transport/command.ts'
import { batches, joined, segmentsOf } from './batches.ts'
import { compareAll, type Due } from './compare.ts'
import { KubewrightError, errorsIn } from './errors.ts'
import type { Emit } from './events.ts'
import { pollGate } from './gate.ts'
import { beginOnce, byHost, makeReady, resolvingContext, witnessHosts, workAhead } from './ready.ts'
import type { Change, Resolving, Resource } from './resource.ts'
import { schedule } from './schedule.ts'
import type { Operation, Target } from './target.ts'
import type { Agenda, HostPhase, Step } from './task.ts'
import type { Plan } from './plan.ts'

export interface ApplyOptions {
  readonly agenda: Agenda
  readonly plan: Plan
  readonly targets: ReadonlyMap<string, Target>
  readonly operation: Operation
  /** Only announced changes may be made (a saved plan is being carried out). */
  readonly strict: boolean
  /** Hosts on which an earlier operation was begun and not closed. */
  readonly unfinished: readonly string[]
  /** Aborted: no further action is begun; the one that runs is finished. */
  readonly stop: AbortSignal
  readonly emit: Emit
  readonly toSecret: (text: string) => Secret
  readonly now: () => Date
}

export interface ApplyResult {
  readonly outcome: 'done' | 'failed' | 'interrupted'
  readonly changes: number
  readonly errors: readonly KubewrightError[]
}

/** Carries out a plan: every task re-probes before it acts, acts, and proves itself by probing again. */
export async function applyPlan(options: ApplyOptions): Promise<ApplyResult> {
  const run = new Run(options)
  run.workAhead()
  const succeeded = await schedule(
    options.agenda.phases,
    (phase, part) => run.phase(phase.name, part),
    (phase, host, outcome) => options.emit({ type: `phase-${outcome}`, phase: phase.name, host }),
  )
  const errors = [...run.errors]
  if (succeeded) errors.push(...(await run.finish()))
  const outcome = errors.length > 0 ? 'failed' : succeeded ? 'done' : 'interrupted'
  options.emit({ type: 'operation-finished', operation: options.operation.id, outcome, changes: run.count })
  return { outcome, changes: run.count, errors }
}

/** What one apply holds while it runs. */
class Run {
  readonly errors: KubewrightError[] = []
  count = 0
  readonly #options: ApplyOptions
  readonly #resolving: Resolving
  readonly #begun: ReturnType<typeof beginOnce>
  /** States of what comes next on a host, seen after the last change there. */
  readonly #seen = new Map<string, ReadonlyMap<string, unknown>>()
  readonly #announced: ReadonlySet<string>
  readonly #planned: ReadonlySet<string>

  constructor(options: ApplyOptions) {
    this.#options = options
    this.#resolving = resolvingContext(options.targets, options.toSecret, options.now)
    this.#begun = beginOnce(options.operation, options.targets, witnessHosts(options.agenda))
    const { changes } = options.plan
    this.#announced = new Set(
      // What a run has begun may be another verb when it is resumed.
      changes.map(({ host, resource, change }) => announcement(host, resource, change, options.operation)),
    )
    this.#planned = new Set(changes.map(({ host, task }) => `${host} ${task}`))
  }

  /** Begins what the planned changes need and no host has to do. */
  workAhead(): void {
    const changes = this.#options.plan.changes.map(({ change }) => change)
    void workAhead(changes, this.#resolving, this.#options.stop)
  }

  async phase(phase: string, part: HostPhase): Promise<boolean> {
    for (const [index, step] of part.steps.entries()) {
      const segments = this.#segmentsDue(part.host, step)
      if (segments.length === 0) continue
      if (this.#options.stop.aborted) return false
      const about = { phase, host: part.host, task: step.task, summary: step.summary } as const
      this.#options.emit({ type: 'task-started', ...about })
      try {
        for (const [at, segment] of segments.entries()) {
          const next = () => segments[at + 1] ?? this.#nextDue(part.host, part.steps.slice(index + 1))
          if (!(await this.#segment(part.host, step, segment, next))) return false
        }
      } catch (thrown) {
        this.#fail(part.host, thrown)
        return false
      }
      this.#options.emit({ type: 'task-finished', ...about })
    }
    return true
  }

  /** Closes the operation on every host that it was begun on. */
  async finish(): Promise<readonly KubewrightError[]> {
    const { operation, unfinished } = this.#options
    const hosts = [...new Set([...this.#begun.hosts(), ...unfinished])]
    const outcomes = await Promise.allSettled(hosts.map((host) => this.#target(host).finish(operation, 'done')))
    return outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? errorsIn(outcome.reason) : []))
  }

  /**
   * What of a task is to be looked at: all of it if any of it was planned. What has been changed since then may have shut a gate
   * that was open (an edited static pod stops the API server), so gates are looked at anyway.
   */
  #segmentsDue(host: string, step: Step): readonly (readonly Resource[])[] {
    if (this.#planned.has(`${host} ${step.task}`)) return segmentsOf(step)
    const gates = this.count === 0 ? [] : step.resources.filter(({ gate }) => gate !== undefined)
    return gates.length === 0 ? [] : [gates]
  }

  /** What will be looked at next in this phase. */
  #nextDue(host: string, steps: readonly Step[]): readonly Resource[] {
    for (const step of steps) {
      const [first] = this.#segmentsDue(host, step)
      if (first !== undefined) return first
    }
    return []
  }

  #fail(host: string, thrown: unknown): void {
    for (const error of errorsIn(thrown)) {
      const located = new KubewrightError({ host, ...error.details })
      this.errors.push(located)
      this.#options.emit({ type: 'error', error: located })
    }
  }

  async #segment(
    host: string,
    step: Step,
    resources: readonly Resource[],
    next: () => readonly Resource[],
  ): Promise<boolean> {
    const target = this.#target(host)
    const due = compareAll(resources, await this.#look(target, resources), new Set())
    const acting = due.filter(({ change }) => change.actions.length > 0)
    for (const one of due) this.#assertAnnounced(host, one)
    const gates = due.filter(({ resource }) => resource.gate !== undefined)
    const groups = batches(acting)
    const following = next()
    const looked = [...resources.map(afterChange), ...following]
    let states: ReadonlyMap<string, unknown> | undefined
    for (const [index, batch] of groups.entries()) {
      if (this.#options.stop.aborted) return false
      const last = index === groups.length - 1 && gates.length === 0
      states = await this.#act(host, step.task, batch, last ? looked : [])
    }
    const { emit, stop } = this.#options
    for (const { resource, change } of gates) {
      const act = async (again: Change): Promise<void> =>
        void (await this.#carryOut(host, [{ resource, change: again }], []))
      if (!(await pollGate(target, resource, change, { emit, stop, host, act }))) return false
    }
    if (acting.length > 0) this.#prove(target, resources, following, states ?? (await target.probe(looked)))
    return true
  }

  /** The states of resources, which the look that proved what was done just before may have brought. */
  async #look(target: Target, resources: readonly Resource[]): Promise<ReadonlyMap<string, unknown>> {
    const seen = this.#seen.get(target.name)
    this.#seen.delete(target.name)
    return seen !== undefined && resources.every(({ id }) => seen.has(id)) ? seen : target.probe(resources)
  }

  /** Acts, and looks at resources by the execution that acts last if that is on their host; their states then. */
  async #act(
    host: string,
    task: string,
    batch: readonly Due[],
    look: readonly Resource[],
  ): Promise<ReadonlyMap<string, unknown> | undefined> {
    const { emit } = this.#options
    const about = ({ resource, change }: Due) =>
      ({ host, task, resource: resource.id, verb: change.verb, summary: change.summary }) as const
    for (const due of batch) emit({ type: 'change-started', ...about(due) })
    const states = await this.#carryOut(host, batch, look)
    for (const due of batch) emit({ type: 'change-finished', ...about(due) })
    this.count += batch.length
    return states
  }

  async #carryOut(
    host: string,
    batch: readonly Due[],
    look: readonly Resource[],
  ): Promise<ReadonlyMap<string, unknown> | undefined> {
    const { emit, operation } = this.#options
    const ready = await Promise.all(
      batch.map(({ resource, change }) => makeReady(resource.id, change, this.#resolving)),
    )
    const parts = joined(ready.flatMap((change) => byHost(change, host)))
    let states: ReadonlyMap<string, unknown> | undefined
    for (const part of parts) {
      await this.#begun.begin(part.host)
      const tell = (text: string): void => emit({ type: 'note', host: part.host, text })
      const seen = part === parts.at(-1) && part.host === host ? look : []
      const found = await this.#target(part.host).act(operation, part.changes, seen, tell)
      states = seen.length === 0 ? undefined : found
    }
    return states
  }

  /**
   * The same probes again: what is not as it shall be now has not been repaired by its own actions. What comes next was looked
   * at by the same execution.
   */
  #prove(
    target: Target,
    resources: readonly Resource[],
    next: readonly Resource[],
    states: ReadonlyMap<string, unknown>,
  ): void {
    const [first] = compareAll(resources, states, new Set())
    if (first === undefined) {
      this.#seen.set(target.name, new Map(next.map(({ id }) => [id, states.get(id)])))
      return
    }
    throw new KubewrightError({
      code: 'KW3002',
      exit: 'apply',
      host: target.name,
      resource: first.resource.id,
      message: `${first.resource.id} is still not as it shall be after it was changed: ${first.change.summary}`,
      hint: 'Something else on the host changes it back, or the change has no effect; look at it there, then run apply again.',
      ...(first.change.diff === undefined ? {} : { output: first.change.diff }),
    })
  }

  #assertAnnounced(host: string, { resource, change }: Due): void {
    const announced = this.#announced.has(announcement(host, resource.id, change, this.#options.operation))
    // A wait changes nothing.
    if (!this.#options.strict || announced || resource.gate !== undefined) return
    throw new KubewrightError({
      code: 'KW3003',
      exit: 'stale',
      host,
      resource: resource.id,
      message: `The plan did not announce: ${change.verb} ${resource.id} on ${host} (${change.summary})`,
      hint: 'Nothing of it was done. Make a new plan, read it, and apply that one.',
    })
  }

  #target(host: string): Target {
    const target = this.#options.targets.get(host)
    if (target === undefined) throw new Error(`no connection for host ${host}`)
    return target
  }
}

function afterChange(resource: Resource): Resource {
  return resource.proof === undefined ? resource : { ...resource, probe: resource.proof }
}

function announcement(host: string, resource: string, { verb }: Change, { resumed }: Operation): string {
  return resumed ? `${host} ${resource}` : `${host} ${resource} ${verb}`
}
