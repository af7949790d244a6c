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
import { isWorker } from '../kubernetes/node.ts'
import { programVersion } from '../package.ts'
import { agendaOf } from '../playbook/agenda.ts'
import { loadPlaybook, type Playbook } from '../playbook/load.ts'
import { ownRecord } from '../tasks/preflight/ownership.ts'
import { allTasks } from '../tasks/registry.ts'
import { Secret } from '../transport/command.ts'
import type { Traffic, Transport } from '../transport/transport.ts'
import { blockingFindings } from './blocking.ts'
import { connectAll } from './connect.ts'
import { contextsOf } from './contexts.ts'
import { digestOf } from './digest.ts'
import { limitedHosts } from './limit.ts'
import { settle } from './settle.ts'
import { survey } from './survey.ts'
import { noticesOf, resumes, unfinishedHosts, unfinishedOperation } from './unfinished.ts'

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
  const { cluster } = await loadInventory(options.inventory)
  const tasks = allTasks()
  const playbook = await loadPlaybook(options.playbook, [...tasks.keys()])
  const destroys = playbook.destroys === true
  const artifacts = destroys ? artifactIndex([], 'a reset') : await openArtifacts(cluster)
  const hosts = destroys ? limitedHosts(cluster, options.limit) : withControlPlanes(cluster, options.limit)
  const transports = await connectAll(cluster, hosts, options)
  const held = new Held(transports)
  try {
    const id = operationId()
    if (mode === 'apply') await held.lock(id)
    const { facts, observed } = await survey(cluster, hosts, transports, { asksEtcd: !destroys })
    const contexts = await contextsOf({ cluster, facts, observed, artifacts, deep: options.deep, installs: !destroys })
    const agenda = agendaOf(playbook, tasks, cluster, limited(contexts, options.limit))
    const targets = held.targets(facts)
    const plan = await makePlan(agenda, targets)
    const unfinished = unfinishedOperation(cluster, facts)
    const bound = boundTo(cluster, playbook, artifacts.digest, options)
    const saved = toSavedPlan(plan, {
      operation: resumes(unfinished, { cluster, playbook }) ? unfinished.id : id,
      cluster: cluster.name,
      createdAt: new Date(),
      bound,
    })
    const blocking = blockingFindings(plan.findings, options.ignore.concat(cluster.preflight.ignore))
    if (blocking.length === 0) await verifyFiles(deliveriesOf(plan), { deep: options.deep })
    const run: Running = { cluster, playbook, agenda, targets, plan, saved, facts, unfinished, options }
    return {
      cluster,
      plan,
      blocking,
      notices: noticesOf(run),
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

function deliveriesOf({ changes }: Plan): readonly Deliver[] {
  return changes.flatMap(({ change }) =>
    change.actions.flatMap((action) => (action.kind === 'deliver' ? [action] : [])),
  )
}

interface Running {
  readonly cluster: Cluster
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
  const forget = run.playbook.destroys === true
  const known = ownRecord({ cluster, fleet: facts }) ?? (forget ? anyRecord(facts) : undefined)
  const operation: Operation = {
    id: announced?.operation ?? saved.operation,
    playbook: run.playbook.name,
    cluster: { id: known?.id ?? randomUUID(), name: cluster.name },
    inventory: cluster.inventory.digest,
    program: programVersion,
    startedBy: whoAmI(),
    resumed: unfinished?.id === (announced?.operation ?? saved.operation),
    forget,
  }
  const { id, playbook, resumed } = operation
  options.emit({ type: 'operation-started', operation: id, playbook, resumed })
  return applyPlan({
    agenda: run.agenda,
    plan: wanted,
    targets: run.targets,
    operation,
    unfinished: unfinishedHosts(facts),
    strict: announced !== undefined,
    stop: options.stop,
    emit: options.emit,
    toSecret: (text) => new Secret(text),
    now: () => new Date(),
  })
}

/** Whoever resets a host and ignores whose it is has said so. */
function anyRecord(facts: ReadonlyMap<string, Facts>): ClusterRecord | undefined {
  return [...facts.values()].map(({ state }) => state.cluster).find((record) => record !== undefined)
}

/** Connections and locks of one run. */
class Held {
  readonly #transports: ReadonlyMap<string, Transport>
  readonly #locks = new Map<string, HostLock>()

  constructor(transports: ReadonlyMap<string, Transport>) {
    this.#transports = transports
  }

  async lock(operation: string): Promise<void> {
    const holder = { who: whoAmI(), operation, since: new Date().toISOString() }
    await settle(
      [...this.#transports].map(async ([name, transport]) => {
        this.#locks.set(name, await lockHost(transport, holder))
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
    await Promise.allSettled([...this.#transports.values()].map((transport) => transport.close()))
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

/** The hosts of a limited run, and those with the state of the cluster, which are read whatever the limit is. */
function withControlPlanes(cluster: Cluster, limit: readonly string[]): Cluster['hosts'] {
  if (limit.length === 0) return cluster.hosts
  return cluster.hosts.filter((host) => limit.includes(host.name) || !isWorker(host))
}

function limited<Value>(all: ReadonlyMap<string, Value>, limit: readonly string[]): ReadonlyMap<string, Value> {
  return limit.length === 0 ? all : new Map([...all].filter(([name]) => limit.includes(name)))
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
