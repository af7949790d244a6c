import { expect, test } from 'vitest'
import { findingsSummary, findingsText, ignoreHint, judged } from '../../../src/cli/render/findings.ts'
import { styleOf } from '../../../src/cli/style.ts'
import type { HostFinding } from '../../../src/engine/plan.ts'

const plain = styleOf(false)

function findingOf(host: string, check: string, severity: 'error' | 'warning', message: string): HostFinding {
  return { host, finding: { check, severity, message, hint: 'Change it.' } }
}

const findings = [
  findingOf('w1', 'Swap', 'warning', 'swap is on'),
  findingOf('cp1', 'NumCPU', 'error', 'cp1 has 1 CPU'),
  findingOf('w1', 'NumCPU', 'error', 'w1 has 1 CPU'),
  findingOf('w1', 'Mem', 'error', 'there are 900 MiB of memory'),
]
const blocking = findings.filter(({ finding }) => finding.check === 'NumCPU')

test('findings are grouped over hosts, errors first, ignored ones last', () => {
  expect(findingsText(judged(findings, blocking), plain)).toBe(`error NumCPU [cp1, w1] the host has 1 CPU
  What to do: Change it.
warning Swap [w1] swap is on
  What to do: Change it.
ignored Mem [w1] there are 900 MiB of memory
  What to do: Change it.`)
})

test('the summary counts errors, warnings and what was ignored', () => {
  const text = findingsSummary(judged(findings, blocking), 3, plain)
  expect(text).toBe('Preflight: 2 errors, 1 warning, 1 ignored error on 3 hosts.')
  expect(findingsSummary([], 1, plain)).toBe('Preflight: 0 errors, 0 warnings on 1 host.')
})

test('the way around is named once per check', () => {
  expect(ignoreHint(blocking)).toBe('If you know better: --ignore NumCPU')
  expect(ignoreHint([])).toBeUndefined()
  const [first] = blocking
  const final = first === undefined ? [] : [{ ...first, finding: { ...first.finding, final: true } }]
  expect(ignoreHint([...blocking, ...final])).toBeUndefined()
})
