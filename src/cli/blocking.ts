import type { HostFinding } from '../engine/plan.ts'
import type { Finding } from '../engine/resource.ts'

/** The findings that stop a run: errors whose checks are not ignored, or cannot be. */
export function blockingFindings(findings: readonly HostFinding[], ignored: readonly string[]): readonly HostFinding[] {
  const stops = ({ check, severity, final }: Finding): boolean =>
    severity === 'error' && (final === true || !ignored.includes(check))
  return findings.filter(({ finding }) => stops(finding))
}
