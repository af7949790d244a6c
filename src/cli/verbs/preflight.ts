import { limitedHosts } from '../limit.ts'
import { observed } from '../observer.ts'
import { planned, showFindings } from '../planning.ts'
import { findingsSummary, judged } from '../render/findings.ts'
import type { Verb } from '../verb.ts'

/** Checks whether the hosts can become the cluster; all findings of all hosts at once, and nothing is changed. */
export const preflight: Verb = async (invocation) =>
  observed(invocation, async (observer) => {
    const { flags, screen } = invocation
    await using prepared = await planned(
      invocation,
      { playbook: 'cluster', mode: 'plan', stdout: 'document' },
      observer,
    )
    const findings = judged(prepared.plan.findings, prepared.blocking)
    if (flags.output === 'json') {
      const { notices } = prepared
      screen.print(JSON.stringify({ formatVersion: 1, notices, findings }, undefined, 2))
    } else {
      showFindings(invocation, prepared)
      const hosts = limitedHosts(prepared.cluster, flags.limit).length
      screen.print(findingsSummary(findings, hosts, screen.style))
    }
    return prepared.blocking.length > 0 ? 'preflight' : 'success'
  })
