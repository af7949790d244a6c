import { expect, test } from 'vitest'
import { followProgress, rowsOf } from '../../../src/cli/render/progress.ts'
import { fits } from '../../../src/cli/render/terminal.ts'
import { duration } from '../../../src/cli/render/text.ts'
import { KubewrightError } from '../../../src/engine/errors.ts'
import { changeOf, planOf } from '../support.ts'

const phases = [
  { phase: 'host', hosts: ['cp1', 'w1'] },
  { phase: 'workers', hosts: ['w1'] },
]

test('rows are the phases and hosts that have something to do, in the order of the playbook', () => {
  const plan = planOf([
    changeOf({ host: 'cp1' }),
    changeOf({ host: 'w1' }),
    changeOf({ host: 'w1' }),
    changeOf({ host: 'w1', phase: 'workers' }),
  ])
  expect(rowsOf(plan)).toEqual(phases)
})

test('a phase runs from the first host that begins until the last has ended', () => {
  let now = 0
  const progress = followProgress(phases, () => now)
  expect(progress.phase('host').state).toBe('waiting')
  progress.event({ type: 'phase-started', phase: 'host', host: 'cp1' })
  now = 5
  progress.event({ type: 'phase-finished', phase: 'host', host: 'cp1' })
  expect(progress.phase('host')).toMatchObject({ state: 'running', doing: '1 of 2 hosts', since: 0 })
  progress.event({ type: 'phase-started', phase: 'host', host: 'w1' })
  now = 9
  progress.event({ type: 'phase-finished', phase: 'host', host: 'w1' })
  expect(progress.phase('host')).toMatchObject({ state: 'done', since: 0, until: 9 })
})

test('a host shows its task and its change', () => {
  const progress = followProgress(phases, () => 0)
  const about = { phase: 'host', host: 'w1', task: 'host/sysctl', summary: 'Set kernel parameters' }
  progress.event({ type: 'phase-started', phase: 'host', host: 'w1' })
  progress.event({ type: 'task-started', ...about })
  expect(progress.host('host', 'w1').doing).toBe('Set kernel parameters')
  progress.event({ type: 'change-started', ...about, resource: 'x', verb: 'create', summary: 'write /etc/a' })
  expect(progress.host('host', 'w1').doing).toBe('Set kernel parameters · write /etc/a')
})

test('a phase that was stopped has not failed; one with an error has', () => {
  const progress = followProgress(phases, () => 0)
  const error = new KubewrightError({ code: 'KW3004', exit: 'apply', message: '', hint: '', host: 'w1' })
  for (const host of ['cp1', 'w1']) progress.event({ type: 'phase-started', phase: 'host', host })
  progress.event({ type: 'error', error })
  for (const host of ['cp1', 'w1']) progress.event({ type: 'phase-failed', phase: 'host', host })
  progress.event({ type: 'phase-skipped', phase: 'workers', host: 'w1' })
  expect(progress.host('host', 'cp1').state).toBe('stopped')
  expect(progress.host('host', 'w1').state).toBe('failed')
  expect(progress.phase('host').state).toBe('failed')
  expect(progress.phase('workers').state).toBe('skipped')
})

test('a live view is drawn only where all rows fit', () => {
  expect(fits(phases, 7)).toBe(true)
  expect(fits(phases, 6)).toBe(false)
  expect(fits([{ phase: 'host', hosts: Array.from({ length: 100 }, (_, index) => `w${index}`) }], 50)).toBe(false)
})

test('durations are short', () => {
  expect([0, 59_999, 60_000, 185_000, 3_720_000].map(duration)).toEqual(['0s', '59s', '1m00s', '3m05s', '1h02m'])
})
