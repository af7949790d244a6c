import { resolve } from 'node:path'
import { writeSavedPlan } from '../../engine/saved-plan.ts'
import { writing } from '../file-error.ts'
import { observed } from '../observer.ts'
import { planned, showFindings } from '../planning.ts'
import { judged } from '../render/findings.ts'
import { countedChanges, planText } from '../render/plan.ts'
import type { Verb } from '../verb.ts'

/** Shows every change that `apply` would make, and changes nothing. */
export const plan: Verb = async (invocation) =>
  observed(invocation, async (observer) => {
    const { flags, io, screen } = invocation
    await using prepared = await planned(
      invocation,
      { playbook: 'cluster', mode: 'plan', stdout: 'document' },
      observer,
    )
    if (flags.output === 'json') {
      const findings = judged(prepared.plan.findings, prepared.blocking)
      screen.print(JSON.stringify({ ...prepared.saved, notices: prepared.notices, findings }, undefined, 2))
    } else {
      showFindings(invocation, prepared)
      screen.print(planText(prepared.plan, { style: screen.style, verbose: flags.verbose }))
    }
    if (flags.out !== undefined) {
      await writing(flags.out, writeSavedPlan(resolve(io.cwd, flags.out), prepared.saved))
      screen.say(`Saved. To apply exactly this: kubewright apply --plan ${flags.out}`)
    }
    if (prepared.blocking.length > 0) return 'preflight'
    return countedChanges(prepared.plan).length > 0 ? 'changes' : 'success'
  })
