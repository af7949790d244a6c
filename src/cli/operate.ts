import { randomBytes, randomUUID } from 'node:crypto'
import { hostname, userInfo } from 'node:os'
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
import type { Agenda } from '../engine/task.ts'
import type { ClusterRecord, Facts, OperationRecord } from '../host/facts.ts'
import { lockHost, type HostLock } from '../host/lock.ts'
import { hostTarget } from '../host/target.ts'
import type { Cluster } from '../inventory/cluster.ts'
import { loadInventory } from '../inventory/load.ts'
import { programVersion } from '../package.ts'
import { agendaOf } from '../playbook/agenda.ts'
import { loadPlaybook, type Playbook } from '../playbook/load.ts'
import { ownRecord } from '../tasks/preflight/ownership.ts'
import { resetIdentity } from '../tasks/reset/identity.ts'
import { Secret } from '../transport/command.ts'
import type { Traffic, Transport } from '../transport/transport.ts'
import { blockingFindings } from './blocking.ts'
import { contextsOf } from './contexts.ts'
import { digestOf } from './digest.ts'
import { nodeChangeOf } from './nodes/change.ts'
import { intentionOf, type NodeRequest } from './nodes/intention.ts'
import { reachAll, reachFor } from './nodes/reach.ts'
import { settle } from './settle.ts'
import { survey } from './survey.ts'
import { noticesOf, resumes, unfinishedHosts, unfinishedOperation } from './unfinished.ts'
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
    const unfinished = unfinishedMet({ cluster, playbook, agenda, facts, options })
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
    const run: Running = { cluster, before, playbook, agenda, targets, plan, saved, facts, unfinished, options }
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

interface Running {
  readonly cluster: Cluster
  /** As the inventory has it written. */
  readonly before: Cluster
  readonly playbook: Playbook
  readonly agenda: Agenda
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
  const destroys = run.playbook.destroys === true
  const forget = hostsWith(run.agenda, resetIdentity.name)
  const outside = hostsOutside(run)
  const known = destroys ? recordOf(forget, run) : ownRecord({ cluster, fleet: facts })
  const operation: Operation = {
    id: announced?.operation ?? saved.operation,
    playbook: run.playbook.name,
    cluster: { id: known?.id ?? randomUUID(), name: cluster.name },
    inventory: cluster.inventory.digest,
    program: programVersion,
    startedBy: whoAmI(),
    resumed: unfinished?.id === (announced?.operation ?? saved.operation),
    forget,
    outside,
  }
  const { id, playbook, resumed } = operation
  options.emit({ type: 'operation-started', operation: id, playbook, resumed })
  return applyPlan({
    agenda: run.agenda,
    plan: wanted,
    targets: run.targets,
    operation,
    // Whose data is not destroyed has its own operation closed by whoever continues that.
    unfinished: unfinishedHosts(facts, { id, isFor: (name) => isFor(run, name) }).filter((name) =>
      destroys ? forget.includes(name) : !outside.includes(name),
    ),
    strict: announced !== undefined,
    stop: options.stop,
    emit: options.emit,
    toSecret: (text) => new Secret(text),
    now: () => new Date(),
  })
}

function hostsWith({ phases }: Agenda, task: string): readonly string[] {
  const parts = phases.flatMap(({ hosts }) => hosts)
  return parts.filter(({ steps }) => steps.some((step) => step.task === task)).map(({ host }) => host)
}

function limitedTo(names: readonly string[], facts: ReadonlyMap<string, Facts>): ReadonlyMap<string, Facts> {
  return new Map([...facts].filter(([name]) => names.includes(name)))
}

/** The unfinished operation that a run continues or, on the hosts that it is for, supersedes. */
function unfinishedMet(
  run: Pick<Running, 'cluster' | 'playbook' | 'agenda' | 'facts' | 'options'>,
): OperationRecord | undefined {
  const { cluster, playbook, agenda, facts, options } = run
  if (playbook.destroys === true) {
    return unfinishedOperation(cluster, limitedTo(hostsWith(agenda, resetIdentity.name), facts))
  }
  const newest = unfinishedOperation(cluster, facts)
  if (options.limit.length === 0 || resumes(newest, { cluster, playbook })) return newest
  return unfinishedOperation(cluster, limitedTo(options.limit, facts))
}

function isFor({ options: { limit } }: Running, name: string): boolean {
  return limit.length === 0 || limit.includes(name)
}

/** Those that keep a snapshot for a run which is not for them. */
function hostsOutside(run: Running): readonly string[] {
  const names = run.agenda.phases.flatMap(({ hosts }) => hosts.map(({ host }) => host))
  return names.filter((name) => !isFor(run, name))
}

/** Whose hosts are destroyed: whoever resets a host and ignores whose it is has said so. */
function recordOf(names: readonly string[], { cluster, facts }: Running): ClusterRecord | undefined {
  const fleet = limitedTo(names, facts)
  return ownRecord({ cluster, fleet }) ?? [...fleet.values()].flatMap(({ state }) => state.cluster ?? [])[0]
}

/** Connections and locks of one run. */
class Held {
  readonly #transports: ReadonlyMap<string, Transport>
  /** Only read, so that they need no lock. */
  readonly witnesses: ReadonlyMap<string, Transport>
  readonly #locks = new Map<string, HostLock>()

  constructor(transports: ReadonlyMap<string, Transport>, witnesses: ReadonlyMap<string, Transport>) {
    this.#transports = transports
    this.witnesses = witnesses
  }

  async lock(operation: string, emit: Emit): Promise<void> {
    const holder = { who: whoAmI(), operation, since: new Date().toISOString() }
    await settle(
      [...this.#transports].map(async ([name, transport]) => {
        this.#locks.set(name, await lockHost(transport, holder, emit))
      }),
    )
  }

  targets(facts: ReadonlyMap<string, Facts>): ReadonlyMap<string, Target> {
    return new Map(
      [...this.#transports].map(([name, transport]) => [
        name,
        hostTarget(transport, facts.get(name)?.state.cluster, () => this.#locks.get(name)?.lost() ?? false),
      ]),
    )
  }

  async release(): Promise<void> {
    await Promise.allSettled([...this.#locks.values()].map((lock) => lock.release()))
    const open = [...this.#transports.values(), ...this.witnesses.values()]
    await Promise.allSettled(open.map((transport) => transport.close()))
  }
}

/** `20261121-040500-1f2e3d`: sorts by time, and names the journal on the hosts. */
function operationId(): string {
  const time = new Date().toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15)
  return `${time}-${randomBytes(3).toString('hex')}`
}

function whoAmI(): string {
  return `${userInfo().username}@${hostname()}`
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
