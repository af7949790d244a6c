import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseDocument } from 'yaml'
import { z } from 'zod'
import { KubewrightError } from '../engine/errors.ts'
import { nearest } from '../inventory/nearest.ts'
import { packageRoot } from '../package.ts'
import { taskNames } from '../tasks/names.ts'

const selectors = [
  'all',
  'nodes',
  'control-planes',
  'first-control-plane',
  'other-control-planes',
  'workers',
  'workers-or-control-planes',
  'other-hosts',
  // of etcd on hosts of its own
  'etcd-hosts',
  'first-etcd-host',
  'other-etcd-hosts',
  // of etcd wherever it runs, and even if a run is limited to others
  'keeping-member',
  // of an operation on nodes
  'joining',
  'joining-control-planes',
  'joining-workers',
  'leaving',
  'staying-control-planes',
  'holding-control-planes',
  'other-workers',
] as const

export type HostSelector = (typeof selectors)[number]

const phaseSchema = z.strictObject({
  name: z.string(),
  hosts: z.enum(selectors),
  after: z.array(z.string()).default([]),
  afterAny: z.array(z.string()).default([]),
  concurrency: z.number().int().positive().default(20),
  /** Without any it is a place to wait for. */
  tasks: z.array(z.string()),
})

const playbookSchema = z.strictObject({
  destroys: z.boolean().default(false),
  installs: z.boolean().default(true),
  phases: z.array(phaseSchema).min(1),
})

export type PlaybookPhase = z.infer<typeof phaseSchema>

/** An ordered list of phases: it selects and orders, and holds no conditions, loops, variables or templates. */
export interface Playbook {
  readonly name: string
  /** The text of the file, for the digest of a saved plan. */
  readonly text: string
  /** The hosts that it runs on belong to no cluster afterwards; it needs no artifacts, and of other hosts no more than what they say. */
  readonly destroys?: boolean
  /** Whether it brings artifacts, manifests or passwords to hosts. */
  readonly installs?: boolean
  readonly phases: readonly PlaybookPhase[]
}

/** Where the playbooks of the package are. */
export const playbooksDirectory = join(packageRoot, 'playbooks')

/** Reads `playbooks/<name>.yaml`; a phase that comes after an unknown or later one is an error, and so is a task that does not exist. */
export async function loadPlaybook(name: string, directory = playbooksDirectory): Promise<Playbook> {
  const path = join(directory, `${name}.yaml`)
  const text = await readFile(path, 'utf8').catch(async () => {
    const names = (await readdir(directory)).map((file) => file.replace(/\.yaml$/, ''))
    throw invalid(name, `there is no playbook of that name${suggestion(name, names)}`)
  })
  const document = parseDocument(text, { uniqueKeys: true })
  const [problem] = document.errors
  if (problem !== undefined) throw invalid(name, problem.message)
  const parsed = playbookSchema.safeParse(document.toJS())
  if (!parsed.success) throw invalid(name, z.prettifyError(parsed.error))
  checkPhases(name, parsed.data.phases)
  return { name, text, ...parsed.data }
}

function checkPhases(name: string, phases: readonly PlaybookPhase[]): void {
  const seen: string[] = []
  for (const phase of phases) {
    if (seen.includes(phase.name)) throw invalid(name, `two phases are named ${phase.name}`)
    const early = [...phase.after, ...phase.afterAny].find((other) => !seen.includes(other))
    if (early !== undefined) {
      throw invalid(name, `${phase.name} comes after ${early}, which is not an earlier phase${suggestion(early, seen)}`)
    }
    const unknown = phase.tasks.find((task) => !taskNames.includes(task))
    if (unknown !== undefined) {
      throw invalid(
        name,
        `${phase.name} names the task ${unknown}, which does not exist${suggestion(unknown, taskNames)}`,
      )
    }
    seen.push(phase.name)
  }
}

function suggestion(word: string, known: readonly string[]): string {
  const close = nearest(word, known)
  return close === undefined ? '' : `; did you mean ${close}?`
}

function invalid(name: string, what: string): KubewrightError {
  return new KubewrightError({
    code: 'KW1101',
    exit: 'usage',
    message: `Playbook ${name}: ${what}`,
    hint: 'Correct the playbook; playbooks/ in the package has all of them.',
  })
}
