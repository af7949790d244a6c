import { readFile, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { KubewrightError } from './errors.ts'
import type { Plan, PlannedChange } from './plan.ts'

const verbs = z.enum(['create', 'update', 'delete', 'restart', 'run', 'wait'])

const savedPlan = z.object({
  formatVersion: z.literal(1),
  /** The operation that carries the plan out has this id, so that it can be resumed by the same plan. */
  operation: z.string(),
  cluster: z.string(),
  createdAt: z.string(),
  /** What was read on the control machine: inventory, playbook, program, artifacts. */
  bound: z.record(z.string(), z.string()),
  entries: z.array(
    z.object({
      host: z.string(),
      phase: z.string(),
      task: z.string(),
      id: z.string(),
      verb: verbs,
      impact: z.string(),
      summary: z.string(),
      diff: z.string().optional(),
    }),
  ),
  /** What was compared on the hosts, by `host resource`. */
  digests: z.record(z.string(), z.string()),
})

/** A plan on disk, bound to what it was made from. It holds no secrets. */
export type SavedPlan = z.infer<typeof savedPlan>

/** The saved form of a plan; `bound` names what was read on the control machine by its digest. */
export function toSavedPlan(
  plan: Plan,
  about: { operation: string; cluster: string; createdAt: Date; bound: Readonly<Record<string, string>> },
): SavedPlan {
  return {
    formatVersion: 1,
    operation: about.operation,
    cluster: about.cluster,
    createdAt: about.createdAt.toISOString(),
    bound: { ...about.bound },
    entries: plan.changes.map(({ host, phase, task, resource, change }) => ({
      host,
      phase,
      task,
      id: resource,
      verb: change.verb,
      impact: change.impact,
      summary: change.summary,
      ...(change.diff === undefined ? {} : { diff: change.diff }),
    })),
    digests: Object.fromEntries(plan.digests),
  }
}

/** Writes a plan to a file of mode 0600. */
export async function writeSavedPlan(path: string, plan: SavedPlan): Promise<void> {
  await writeFile(path, `${JSON.stringify(plan, undefined, 2)}\n`, { mode: 0o600 })
}

/** Reads a plan; KW3010 when it cannot be read or is no plan of format 1. */
export async function readSavedPlan(path: string): Promise<SavedPlan> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw unreadable(path, 'cannot be read', cause)
  })
  try {
    return savedPlan.parse(JSON.parse(text))
  } catch (cause) {
    throw unreadable(path, 'is not a plan that this version can read', cause)
  }
}

/** A saved plan that carries on with its own unfinished operation meets hosts that this operation has changed. */
interface Resuming {
  readonly resumes: boolean
}

/** Throws KW3011 and names each file or, unless it resumes, each resource that is not what it was when the plan was made. */
export function assertFresh(saved: SavedPlan, now: SavedPlan, { resumes }: Resuming): void {
  const moved = [
    ...Object.keys(now.bound).filter((name) => saved.bound[name] !== now.bound[name]),
    ...(resumes ? [] : Object.keys(saved.digests))
      .filter((key) => saved.digests[key] !== now.digests[key])
      .map((key) => key.replace(' ', ': ')),
  ]
  if (moved.length === 0) return
  throw stale('KW3011', `The plan is out of date. Changed since it was made: ${moved.join(', ')}`)
}

/**
 * The part of a plan that a saved one has announced. Throws KW3003 for what it has not; when it resumes that is left alone, and a
 * change that was begun counts by its resource, since its verb may be another one by now.
 */
export function announcedBy(saved: SavedPlan, plan: Plan, { resumes }: Resuming): Plan {
  const announced = new Map(saved.entries.map((entry) => [`${entry.host} ${entry.id}`, entry]))
  const entryOf = ({ host, resource }: PlannedChange) => announced.get(`${host} ${resource}`)
  if (resumes) {
    const isAnnounced = (planned: PlannedChange) => planned.change.verb === 'wait' || entryOf(planned) !== undefined
    return { ...plan, changes: plan.changes.filter(isAnnounced) }
  }
  for (const planned of plan.changes) {
    const { host, resource, change } = planned
    if (change.verb === 'wait') continue
    const entry = entryOf(planned)
    const name = `${change.verb} ${resource} on ${host}`
    if (entry?.verb !== change.verb) throw stale('KW3003', `The plan did not announce: ${name} (${change.summary})`)
    if (entry.diff !== change.diff) throw stale('KW3003', `${name} would now be another change than the plan announced`)
  }
  return plan
}

function stale(code: string, message: string): KubewrightError {
  const hint = 'Nothing was done. Make a new plan, read it, and apply that one.'
  return new KubewrightError({ code, exit: 'stale', message, hint })
}

function unreadable(path: string, what: string, cause: unknown): KubewrightError {
  const hint = 'Make one with: kubewright plan --out FILE'
  return new KubewrightError({ code: 'KW3010', exit: 'usage', message: `The plan ${path} ${what}`, hint, cause })
}
