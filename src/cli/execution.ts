import { type ExitClass, KubewrightError } from '../engine/errors.ts'
import type { SavedPlan } from '../engine/saved-plan.ts'
import { confirmed } from './confirmation.ts'
import { exitClassOf } from './failure.ts'
import type { NodeRequest } from './nodes/intention.ts'
import { type Observer, observed } from './observer.ts'
import type { Prepared } from './operate.ts'
import { planned, showFindings } from './planning.ts'
import { errorsText } from './render/error.ts'
import { judged } from './render/findings.ts'
import { outcomeText, trafficText } from './render/outcome.ts'
import { countedChanges, planText } from './render/plan.ts'
import { whileApplying } from './renderers.ts'
import type { Invocation } from './verb.ts'

/** What a verb that changes hosts adds to the common course. */
export interface Execution {
  readonly playbook: string
  /** Asked on a terminal; the answer that carries on. */
  readonly question: (prepared: Prepared) => { readonly text: string; readonly answer: string }
  /** Said when there is nothing to change. */
  readonly unchanged?: string
  /** A node that comes or goes. */
  readonly nodes?: NodeRequest
  /** Only what this plan announced may be done. */
  readonly announced?: SavedPlan
  /** Said after a run that has changed something. */
  readonly next?: string
}

/** Plans, shows the plan, asks, carries it out, and says what was done: the course of every verb that changes hosts. */
export async function execute(invocation: Invocation, execution: Execution): Promise<ExitClass> {
  return observed(invocation, async (observer) => {
    const { playbook, nodes } = execution
    const run = { playbook, mode: 'apply', stdout: 'events', ...(nodes === undefined ? {} : { nodes }) } as const
    await using prepared = await planned(invocation, run, observer)
    showPlan(invocation, prepared, execution)
    if (prepared.blocking.length > 0) return blocked(invocation)
    const needed = countedChanges(prepared.plan).length > 0
    if (needed && !(await agreed(invocation, execution, prepared))) return 'refused'
    // Awaited here: the connections are let go when this function returns.
    return await carryOut(invocation, execution, prepared, observer)
  })
}

function showPlan(invocation: Invocation, prepared: Prepared, { unchanged }: Execution): void {
  const { flags, screen, io } = invocation
  if (flags.output === 'text') {
    showFindings(invocation, prepared)
    const { style } = screen
    const view = { style, verbose: flags.verbose, ...(unchanged === undefined ? {} : { unchanged }) }
    screen.print(planText(prepared.plan, view))
    return
  }
  const time = io.now().toISOString()
  const findings = judged(prepared.plan.findings, prepared.blocking)
  const { notices, saved } = prepared
  screen.print(JSON.stringify({ formatVersion: 1, time, type: 'plan', notices, findings, plan: saved }))
}

function blocked({ flags, screen }: Invocation): ExitClass {
  if (flags.output === 'text') screen.say(screen.sayStyle('bad', 'Preflight found errors, so nothing was changed.'))
  return 'preflight'
}

async function agreed(invocation: Invocation, execution: Execution, prepared: Prepared): Promise<boolean> {
  const { flags, screen, verb } = invocation
  if (flags.yes) return true
  if (!screen.interactive || flags.output === 'json') {
    throw new KubewrightError({
      code: 'KW5001',
      exit: 'usage',
      message: `${verb} asks before it changes anything, and nobody can answer here`,
      hint: `Nothing was changed. Say yes beforehand: kubewright ${verb} --yes`,
    })
  }
  screen.say('')
  const { text, answer } = execution.question(prepared)
  if (await confirmed(screen, text, answer)) return true
  screen.say('Nothing was changed.')
  return false
}

async function carryOut(
  invocation: Invocation,
  { announced, next }: Execution,
  prepared: Prepared,
  observer: Observer,
): Promise<ExitClass> {
  const { flags, io, screen, interruption, verb } = invocation
  const began = io.now().getTime()
  const reason = 'Stopping after the running action. Press Ctrl-C again to stop at once.'
  const stopping = (): void => observer.emit({ type: 'stopping', reason })
  const renderer = await whileApplying(invocation, prepared.plan)
  const result = await interruption.whileActing(stopping, async () =>
    observer.drawing(renderer, async () => prepared.apply(announced)),
  )
  if (flags.output === 'text') {
    if (flags.verbose) screen.say(trafficText(prepared.traffic()))
    if (result.errors.length > 0) screen.say(`\n${errorsText(result.errors, screen.sayStyle)}\n`)
    const elapsed = io.now().getTime() - began
    const text = outcomeText(result, { verb, planned: countedChanges(prepared.plan).length, elapsed }, screen.sayStyle)
    if (text !== '') screen.say(text)
    if (result.outcome === 'failed' && observer.log !== undefined) screen.say(`Log: ${observer.log}`)
    if (result.outcome === 'done' && result.changes > 0 && next !== undefined) screen.say(next)
  }
  if (flags.output === 'json') {
    const time = io.now().toISOString()
    screen.print(
      JSON.stringify({ formatVersion: 1, time, type: 'traffic', hosts: Object.fromEntries(prepared.traffic()) }),
    )
  }
  if (result.outcome === 'done') return 'success'
  return result.outcome === 'failed' ? exitClassOf(result.errors) : 'interrupted'
}
