import { randomBytes, randomUUID } from 'node:crypto'
import { artifactIndex } from '../artifacts/bundle.ts'
import { fetchFiles } from '../artifacts/fetch.ts'
import { openArtifacts } from '../artifacts/source.ts'
import { verifyFiles } from '../artifacts/verify.ts'
import { applyPlan, type ApplyResult } from '../engine/apply.ts'
import type { Emit } from '../engine/events.ts'
import { makePlan, type HostFinding, type Plan } from '../engine/plan.ts'
import { announcedBy, assertFresh, toSavedPlan, type SavedPlan } from '../engine/saved-plan.ts'
import type { Deliver } from '../engine/resource.ts'
import type { Operation, Target } from '../engine/target.ts'
import type { Facts, OperationRecord } from '../host/facts.ts'
import type { Cluster } from '../inventory/cluster.ts'
import { loadInventory } from '../inventory/load.ts'
import { programVersion } from '../package.ts'
import { agendaOf } from '../playbook/agenda.ts'
import { loadPlaybook, type Playbook } from '../playbook/load.ts'
import { Secret } from '../transport/command.ts'
import type { Traffic, Transport } from '../transport/transport.ts'
import { blockingFindings } from './blocking.ts'
import { contextsOf } from './contexts.ts'
import { digestOf } from './digest.ts'
import { Held, whoAmI } from './held.ts'
import { nodeChangeOf } from './nodes/change.ts'
import { intentionOf, type NodeRequest } from './nodes/intention.ts'
import { reachAll, reachFor } from './nodes/reach.ts'
import { hostsForgotten, hostsOutside, recordOf, type Scope } from './scope.ts'
import { survey } from './survey.ts'
import { noticesOf, resumes, unfinishedHosts, unfinishedMet } from './unfinished.ts'
import { withWitnesses } from './witnesses.ts'

export interface OperateOptions {
  readonly inventory: string
  readonly playbook: string
  /** Names of hosts; empty means all. */
  readonly limit: readonly string[]
  /** Preflight checks whose errors do not stop the run. */
  readonly ignore: readonly string[]
  readonly deep: boolean
  readonly emit: Emit
  /** First Ctrl-C: no new action. Second: everything is let go. */
  readonly stop: AbortSignal
  readonly abort: AbortSignal
  readonly verbose: boolean
  /** A node that comes or goes; without it the cluster as a whole is meant. */
  readonly nodes?: NodeRequest
}

/** A run that has been planned: connected to its hosts (and holding their locks for `apply`) until it is disposed. */
export interface Prepared extends AsyncDisposable {
  readonly cluster: Cluster
  readonly plan: Plan
  /** Errors of preflight that are not ignored. */
  readonly blocking: readonly HostFinding[]
  /** What the user should know before he says yes. */
  readonly notices: readonly string[]
  readonly saved: SavedPlan
  /** Carries the plan out; with a saved plan only what it announced, and only if nothing has changed since. */
  apply(announced?: SavedPlan): Promise<ApplyResult>
  traffic(): ReadonlyMap<string, Traffic>
}

/** Reads the inventory and the hosts and makes the plan; `apply` takes the lock of every host first. */
export async function prepare(options: OperateOptions, mode: 'plan' | 'apply'): Promise<Prepared> {
  const intention = options.nodes && (await intentionOf(options.inventory, options.nodes))
  const written = intention ?? (await loadInventory(options.inventory))
  const cluster = ignoring(written.cluster, options.ignore)
  const playbook = await loadPlaybook(options.playbook)
  const installs = playbook.destroys !== true && playbook.installs !== false
  const artifacts = installs ? await openArtifacts(cluster) : artifactIndex([], playbook.name)
  const reached =
    intention === undefined ? await reachAll(cluster, playbook, options) : await reachFor(intention, options)
  const { hosts, transports, witnesses } =
    playbook.destroys === true
      ? await withWitnesses(cluster, reached, options.abort)
      : { ...reached, witnesses: new Map<string, Transport>() }
  const held = new Held(transports, witnesses)
  try {
    const id = operationId()
    if (mode === 'apply') await held.lock(id, options.emit)
    const [{ facts, observed }, { allTasks }] = await Promise.all([
      survey(cluster, hosts, transports, { witnesses, asksEtcd: installs }),
      import('../tasks/registry.ts'), // a good part of the program, loaded while the hosts answer
    ])
    const { deep, limit } = options
    const read = { cluster, facts, observed, artifacts, deep, limit, installs }
    const change = intention && { nodes: nodeChangeOf(intention, read), before: intention.before }
    const contexts = await contextsOf(read, change)
    const agenda = agendaOf(playbook, allTasks(), cluster, { contexts, limit })
    const targets = held.targets(facts)
    const plan = await makePlan(agenda, targets)
    const scope = { agenda, playbook, limit }
    const unfinished = unfinishedMet(scope, { cluster, facts })
    const bound = boundTo(cluster, playbook, artifacts.digest, options)
    const saved = toSavedPlan(plan, {
      operation: resumes(unfinished, { cluster, playbook }) ? unfinished.id : id,
      cluster: cluster.name,
      createdAt: new Date(),
      bound,
    })
    const blocking = blockingFindings(plan.findings, cluster.preflight.ignore)
    if (blocking.length === 0) await verifyFiles(deliveriesOf(plan), { deep: options.deep })
    const before = intention?.before ?? cluster
    const run: Running = { cluster, before, ...scope, targets, plan, saved, facts, unfinished, options }
    return {
      cluster,
      plan,
      blocking,
      notices: [...noticesOf(run), ...reached.notices],
      saved,
      apply: (announced) => carryOut(run, announced),
      traffic: () => new Map([...transports].map(([name, transport]) => [name, transport.traffic])),
      [Symbol.asyncDispose]: () => held.release(),
    }
  } catch (thrown) {
    await held.release()
    throw thrown
  }
}

/** What may fail in this run: what the inventory says, and the command line. */
function ignoring(cluster: Cluster, checks: readonly string[]): Cluster {
  return { ...cluster, preflight: { ignore: [...cluster.preflight.ignore, ...checks] } }
}

function deliveriesOf({ changes }: Plan): readonly Deliver[] {
  return changes.flatMap(({ change }) =>
    change.actions.flatMap((action) => (action.kind === 'deliver' ? [action] : [])),
  )
}

interface Running extends Scope {
  readonly cluster: Cluster
  /** As the inventory has it written. */
  readonly before: Cluster
  readonly targets: ReadonlyMap<string, Target>
  readonly plan: Plan
  readonly saved: SavedPlan
  readonly facts: ReadonlyMap<string, Facts>
  readonly unfinished: OperationRecord | undefined
  readonly options: OperateOptions
}

/** Whether a saved plan was begun; one that was made while its operation was unfinished has its id, but is not that run. */
function hasBegun({ operation, createdAt }: SavedPlan, unfinished: OperationRecord | undefined): boolean {
  return unfinished?.id === operation && Date.parse(unfinished.startedAt) > Date.parse(createdAt)
}

async function carryOut(run: Running, announced: SavedPlan | undefined): Promise<ApplyResult> {
  const { cluster, facts, options, saved, unfinished, plan } = run
  const resuming = { resumes: announced !== undefined && hasBegun(announced, unfinished) }
  if (announced !== undefined) assertFresh(announced, saved, resuming)
  const wanted = announced === undefined ? plan : announcedBy(announced, plan, resuming)
  await fetchFiles(deliveriesOf(wanted), cluster.proxy)
  const known = recordOf(run, { cluster, facts })
  const operation: Operation = {
    id: announced?.operation ?? saved.operation,
    playbook: run.playbook.name,
    cluster: { id: known?.id ?? randomUUID(), name: cluster.name },
    inventory: cluster.inventory.digest,
    program: programVersion,
    startedBy: whoAmI(),
    resumed: unfinished?.id === (announced?.operation ?? saved.operation),
    forget: hostsForgotten(run),
    outside: hostsOutside(run),
  }
  const { id, playbook, resumed } = operation
  options.emit({ type: 'operation-started', operation: id, playbook, resumed })
  return applyPlan({
    agenda: run.agenda,
    plan: wanted,
    targets: run.targets,
    operation,
    unfinished: unfinishedHosts(run, { id, facts }),
    strict: announced !== undefined,
    stop: options.stop,
    emit: options.emit,
    toSecret: (text) => new Secret(text),
    now: () => new Date(),
  })
}

/** `20261121-040500-1f2e3d`: sorts by time, and names the journal on the hosts. */
function operationId(): string {
  const time = new Date().toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15)
  return `${time}-${randomBytes(3).toString('hex')}`
}

function boundTo(
  cluster: Cluster,
  playbook: Playbook,
  artifacts: string,
  { limit }: OperateOptions,
): Readonly<Record<string, string>> {
  return {
    'the inventory': cluster.inventory.digest,
    [`the playbook ${playbook.name}`]: digestOf(playbook.text),
    'the version of kubewright': programVersion,
    'the artifact index': artifacts,
    '--limit': limit.join(','),
  }
}
