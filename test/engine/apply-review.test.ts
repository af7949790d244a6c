import { expect, test } from 'vitest'
import { applyPlan, type ApplyOptions, type ApplyResult } from '../../src/engine/apply.ts'
import { makePlan } from '../../src/engine/plan.ts'
import type { Resource } from '../../src/engine/resource.ts'
import type { Agenda } from '../../src/engine/task.ts'
import { Secret } from '../../src/transport/command.ts'
import { agenda, operation, value, valueHost, type ValueHost } from './support.ts'

async function run(work: Agenda, host: ValueHost, more: Partial<ApplyOptions> = {}): Promise<ApplyResult> {
  const targets = new Map([[host.name, host]])
  return applyPlan({
    agenda: work,
    plan: await makePlan(work, targets),
    targets,
    operation,
    unfinished: [],
    strict: false,
    stop: new AbortController().signal,
    emit: () => undefined,
    toSecret: (text) => new Secret(text),
    now: () => new Date(0),
    ...more,
  })
}

/** Shut from the moment on which `x` is acted on, until it was looked at three times. */
function gateThatShuts(host: ValueHost): Resource {
  let left = 3
  return {
    ...value('gate', 'open'),
    compare() {
      const shut = host.values.has('x') && left-- > 0
      return shut ? { verb: 'wait', summary: 'refused', impact: 'none', actions: [] } : undefined
    },
    gate: { limit: 5, interval: 0.01 },
  }
}

test('a gate that was open when it was planned is waited for when the run has shut it', async () => {
  const host = valueHost('a')
  const work = agenda(
    ['one', [], { a: [value('x', '1')] }],
    ['two', [], { a: [gateThatShuts(host), value('quiet', '1')] }],
    ['three', [], { a: [value('y', '1')] }],
  )
  host.values.set('quiet', '1')
  expect((await run(work, host)).outcome).toBe('done')
  expect(host.log.filter((line) => line === 'probe gate')).toHaveLength(4)
  expect(host.log.lastIndexOf('probe gate')).toBeLessThan(host.log.indexOf('act y'))
})

test('under a saved plan a wait that was not announced is no change', async () => {
  const host = valueHost('a')
  const work = agenda(['one', [], { a: [value('x', '1')] }], ['two', [], { a: [gateThatShuts(host), value('y', '1')] }])
  const result = await run(work, host, { strict: true })
  expect(result).toMatchObject({ outcome: 'done', errors: [] })
})

test('a run that changes nothing looks at no gate again', async () => {
  const host = valueHost('a', { x: '1', gate: 'open' })
  const gate: Resource = { ...value('gate', 'open'), gate: { limit: 5, interval: 0.01 } }
  await run(agenda(['one', [], { a: [value('x', '1')] }], ['two', [], { a: [gate] }]), host)
  expect(host.log).toEqual(['probe x gate'])
})
