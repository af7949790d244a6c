import { readFile, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { KubewrightError } from './errors.ts'
import type { Plan } from './plan.ts'

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

/** Rejects with KW3011 and names each file or resource that is not what it was when the plan was made. */
export function assertFresh(saved: SavedPlan, now: SavedPlan): void {
  const moved = [
    ...Object.keys(now.bound).filter((name) => saved.bound[name] !== now.bound[name]),
    ...Object.keys(saved.digests)
      .filter((key) => saved.digests[key] !== now.digests[key])
      .map((key) => key.replace(' ', ': ')),
  ]
  if (moved.length === 0) return
  throw new KubewrightError({
    code: 'KW3011',
    exit: 'stale',
    message: `The plan is out of date. Changed since it was made: ${moved.join(', ')}`,
    hint: 'Nothing was done. Make a new plan, read it, and apply that one.',
  })
}

function unreadable(path: string, what: string, cause: unknown): KubewrightError {
  const hint = 'Make one with: kubewright plan --out FILE'
  return new KubewrightError({ code: 'KW3010', exit: 'usage', message: `The plan ${path} ${what}`, hint, cause })
}
