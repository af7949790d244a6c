import { expect, test } from 'vitest'
import { preflightTasks } from '../../../src/tasks/preflight/tasks.ts'
import { contextOf } from '../../support/facts.ts'

const resources = preflightTasks.flatMap((task) => task.resources(contextOf()))

test('a check runs nothing on the host and never wants a change', () => {
  expect(resources.length).toBeGreaterThan(30)
  for (const resource of resources) {
    expect(resource.probe.script.text).toBe('')
    expect(resource.compare(resource.probe.parse(''))).toBeUndefined()
    expect(resource.digest?.(undefined)).toBeUndefined()
  }
})

test('every check has an id of its own', () => {
  const ids = resources.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
})
