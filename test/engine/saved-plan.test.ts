import { expect, test } from 'vitest'
import { makePlan, type Plan } from '../../src/engine/plan.ts'
import { announcedBy, assertFresh, toSavedPlan, type SavedPlan } from '../../src/engine/saved-plan.ts'
import { agenda, setTo, value, valueHost } from './support.ts'

const bound = { 'the inventory': 'one' }

async function planOf(
  values: Readonly<Record<string, string>>,
  diff = '+x',
): Promise<{ plan: Plan; saved: SavedPlan }> {
  const x = value('x', '1', {
    compare: (state) =>
      state === '1' ? undefined : { ...setTo('x', '1', state === undefined ? 'create' : 'update'), diff },
  })
  const work = agenda(['one', [], { a: [x, value('y', '1')] }])
  const plan = await makePlan(work, new Map([['a', valueHost('a', values)]]))
  return { plan, saved: toSavedPlan(plan, { operation: 'op-1', cluster: 'c', createdAt: new Date(0), bound }) }
}

const ids = ({ changes }: Plan): readonly string[] =>
  changes.map(({ resource, change }) => `${change.verb} ${resource}`)

test('a saved plan continues its own operation, also where a half-done change has another verb by now', async () => {
  const { saved } = await planOf({})
  const { plan } = await planOf({ x: 'half' })
  expect(ids(announcedBy(saved, plan, { resumes: true }))).toEqual(['update x', 'create y'])
})

test('what was not announced is left alone when an operation is continued', async () => {
  const { saved } = await planOf({ y: '1' })
  const { plan } = await planOf({})
  expect(ids(announcedBy(saved, plan, { resumes: true }))).toEqual(['create x'])
})

test('a change that was not announced is refused before anything is done', async () => {
  const { saved } = await planOf({ y: '1' })
  const { plan } = await planOf({})
  expect(() => announcedBy(saved, plan, { resumes: false })).toThrow('The plan did not announce: create y on a')
})

test('a change that would be another one than was read is refused', async () => {
  const { saved } = await planOf({})
  const { plan } = await planOf({}, '+y')
  expect(() => announcedBy(saved, plan, { resumes: false })).toThrow('create x on a would now be another change')
})

test('another inventory is refused even when the plan continues its own operation', async () => {
  const { saved } = await planOf({ x: 'before' })
  const { saved: now } = await planOf({ x: 'half' })
  expect(() => assertFresh(saved, { ...now, bound: { 'the inventory': 'two' } }, { resumes: true })).toThrow(
    'the inventory',
  )
  expect(() => assertFresh(saved, now, { resumes: true })).not.toThrow()
  expect(() => assertFresh(saved, now, { resumes: false })).toThrow('a: x')
})
