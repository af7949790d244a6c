import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { onTestFinished } from 'vitest'
import type { Io, OutputStream } from '../../src/cli/io.ts'
import type { Prepared } from '../../src/cli/operate.ts'
import { run } from '../../src/cli/run.ts'
import type { Services } from '../../src/cli/services.ts'
import type { ApplyResult } from '../../src/engine/apply.ts'
import type { EngineEvent } from '../../src/engine/events.ts'
import type { HostFinding, Plan, PlannedChange } from '../../src/engine/plan.ts'
import type { Change } from '../../src/engine/resource.ts'
import { toSavedPlan } from '../../src/engine/saved-plan.ts'
import { scaffoldInventory } from '../../src/inventory/scaffold.ts'
import { clusterOf, hostOf, workerOf } from '../support/facts.ts'

/** A stream that remembers what was written. */
export class Recorded implements OutputStream {
  text = ''
  readonly isTTY: boolean
  readonly listeners: ((error: NodeJS.ErrnoException) => void)[] = []

  constructor(isTTY = false) {
    this.isTTY = isTTY
  }

  write(text: string): void {
    this.text += text
  }

  on(_event: 'error', listener: (error: NodeJS.ErrnoException) => void): void {
    this.listeners.push(listener)
  }

  get lines(): readonly string[] {
    return this.text.trimEnd().split('\n')
  }
}

/** A person or a script at the command line. */
export interface Situation {
  readonly argv: readonly string[]
  readonly cwd?: string
  /** What is typed; there is a terminal then. */
  readonly typed?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly services?: Partial<Services>
  readonly stdout?: OutputStream
}

/** What came of it. */
export interface Outcome {
  readonly code: number
  readonly stdout: Recorded
  readonly stderr: Recorded
}

/** The time of everything in these tests. */
export const noon = new Date('2026-11-21T12:00:00.000Z')

/** Calls the program with streams, signals and services of the test. */
export async function call(situation: Situation, interrupt?: (fire: () => void) => void): Promise<Outcome> {
  const stdout = new Recorded()
  const stderr = new Recorded(situation.typed !== undefined)
  const stdin = Object.assign(Readable.from((situation.typed ?? []).map((line) => `${line}\n`)), {
    isTTY: situation.typed !== undefined,
  })
  const io: Io = {
    stdin,
    stdout: situation.stdout ?? stdout,
    stderr,
    env: { TERM: 'dumb', ...situation.env },
    cwd: situation.cwd ?? tmpdir(),
    home: situation.cwd ?? tmpdir(),
    username: 'tester',
    now: () => noon,
    onInterrupt(listener) {
      interrupt?.(listener)
      return () => undefined
    },
  }
  const inventory = situation.cwd === undefined ? [] : ['--inventory', join(situation.cwd, 'inventory.yaml')]
  const code = await run([...situation.argv, ...inventory], io, { ...noServices, ...situation.services })
  return { code, stdout, stderr }
}

const noServices: Services = {
  prepare: async () => unexpected('prepare'),
  connectHosts: async () => unexpected('connectHosts'),
  scanHostKey: async () => unexpected('scanHostKey'),
  surroundings: async () => unexpected('surroundings'),
}

function unexpected(service: string): never {
  throw new Error(`the test did not expect ${service}`)
}

/** A directory that is there for one test, with an inventory of one control plane and one worker unless that is unwanted. */
export async function workplace(inventory: string | undefined = demoInventory): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'kubewright-cli-'))
  onTestFinished(async () => (await import('node:fs/promises')).rm(directory, { recursive: true, force: true }))
  if (inventory !== '') await writeFile(join(directory, 'inventory.yaml'), inventory)
  return directory
}

/** An inventory that is valid. */
export const demoInventory = scaffoldInventory({
  name: 'demo',
  kubernetesVersion: '1.37.1',
  controlPlanes: [{ name: 'cp1', address: '192.0.2.11' }],
  workers: [{ name: 'w1', address: '192.0.2.21' }],
})

/** A change of a plan; by default cp1 writes a file. */
export function changeOf(
  overrides: Partial<Omit<PlannedChange, 'change'>> & { change?: Partial<Change> } = {},
): PlannedChange {
  const change: Change = {
    verb: 'create',
    summary: 'write /etc/a.conf',
    impact: 'none',
    actions: [],
    ...overrides.change,
  }
  return {
    host: 'cp1',
    phase: 'host',
    task: 'host/sysctl',
    title: 'Set kernel parameters',
    resource: `file:${change.summary}`,
    ...overrides,
    change,
  }
}

/** A plan of these changes. */
export function planOf(changes: readonly PlannedChange[], findings: readonly HostFinding[] = []): Plan {
  return { changes, findings, digests: new Map() }
}

/** What a made-up run does. */
export interface Script {
  readonly plan?: Plan
  readonly blocking?: readonly HostFinding[]
  readonly notices?: readonly string[]
  readonly events?: readonly EngineEvent[]
  readonly result?: ApplyResult
  /** Called while changes are applied. */
  readonly whileApplying?: (stop: AbortSignal) => Promise<void>
  readonly disposed?: () => void
}

/** A `prepare` that reaches no host. */
export function prepared(script: Script): Services['prepare'] {
  return async (options, _mode): Promise<Prepared> => {
    const plan = script.plan ?? planOf([])
    const hosts = [hostOf({ name: 'cp1' }), workerOf('w1', '192.0.2.21')]
    return {
      cluster: clusterOf({ name: 'demo', hosts }),
      plan,
      blocking: script.blocking ?? [],
      notices: script.notices ?? [],
      saved: toSavedPlan(plan, { operation: 'op1', cluster: 'demo', createdAt: noon, bound: {} }),
      async apply() {
        for (const event of script.events ?? []) options.emit(event)
        await script.whileApplying?.(options.stop)
        return script.result ?? { outcome: 'done', changes: plan.changes.length, errors: [] }
      },
      traffic: () => new Map([['cp1', { executions: 3, bytesSent: 2048, bytesReceived: 10 }]]),
      [Symbol.asyncDispose]: async () => script.disposed?.(),
    }
  }
}
