import type { Emit } from '../engine/events.ts'
import { limitedHosts } from './limit.ts'
import type { OperateOptions, Prepared } from './operate.ts'
import type { NodeRequest } from './nodes/intention.ts'
import { type Observer } from './observer.ts'
import { findingsText, ignoreHint, judged } from './render/findings.ts'
import { whileReading } from './renderers.ts'
import type { Invocation } from './verb.ts'

/** What a verb runs, and what it uses stdout for. */
export interface Run {
  readonly playbook: string
  readonly mode: 'plan' | 'apply'
  readonly stdout: 'events' | 'document'
  readonly nodes?: NodeRequest
}

/** Connects to the hosts, reads them and makes the plan, drawing meanwhile. */
export async function planned(invocation: Invocation, run: Run, observer: Observer): Promise<Prepared> {
  const { mode, stdout } = run
  const options = operateOptions(invocation, run, observer.emit)
  const work = async (): Promise<Prepared> => invocation.services.prepare(options, mode)
  const prepared = await observer.drawing(whileReading(invocation, stdout), work)
  try {
    limitedHosts(prepared.cluster, invocation.flags.limit)
    for (const { host, finding, ignored } of judged(prepared.plan.findings, prepared.blocking)) {
      observer.emit({ type: 'finding', host, finding, ignored })
    }
    return prepared
  } catch (thrown) {
    await prepared[Symbol.asyncDispose]()
    throw thrown
  }
}

/** Says what the user should know before he reads the plan: notices, then findings. */
export function showFindings({ screen }: Invocation, prepared: Prepared): void {
  for (const notice of prepared.notices) screen.say(`${screen.sayStyle('note', 'Note:')} ${notice}`)
  const findings = judged(prepared.plan.findings, prepared.blocking)
  if (findings.length > 0) screen.say(findingsText(findings, screen.sayStyle))
  const hint = ignoreHint(prepared.blocking)
  if (hint !== undefined) screen.say(hint)
  if (prepared.notices.length + findings.length > 0) screen.say('')
}

function operateOptions({ flags, interruption }: Invocation, { playbook, nodes }: Run, emit: Emit): OperateOptions {
  const { inventory, ignore, deep, verbose } = flags
  const limit = nodes === undefined ? flags.limit : [] // the node is the limit
  const { stop, abort } = interruption
  const about = nodes === undefined ? {} : { nodes }
  return { inventory, playbook, limit, ignore, deep, verbose, emit, stop, abort, ...about }
}
