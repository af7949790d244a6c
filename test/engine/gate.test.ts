import { expect, test } from 'vitest'
import type { EngineEvent } from '../../src/engine/events.ts'
import { pollGate } from '../../src/engine/gate.ts'
import type { Change, Resource } from '../../src/engine/resource.ts'
import { sh } from '../../src/transport/command.ts'
import { setTo, valueHost } from './support.ts'

/** A gate that opens when it has been knocked at so many times. */
function gate(knocks: number, more: Partial<Resource> = {}): Resource {
  let seen = 0
  return {
    id: 'gate',
    probe: { script: sh`look`, parse: () => 0 },
    compare: (): Change | undefined => (seen++ >= knocks ? undefined : setTo('door', 'open', 'run')),
    gate: { limit: 10, interval: 0.001 },
    ...more,
  }
}

async function poll(resource: Resource) {
  const acted: Change[] = []
  const events: EngineEvent[] = []
  const act = (change: Change): Promise<void> => Promise.resolve(void acted.push(change))
  const run = {
    emit: (event: EngineEvent) => void events.push(event),
    stop: new AbortController().signal,
    host: 'a',
    act,
  }
  const outcome = await pollGate(valueHost('a'), resource, setTo('door', 'open', 'run'), run).catch(
    (thrown: unknown) => thrown,
  )
  return { outcome, acted, events }
}

test('a gate whose change has actions is knocked at again until it opens', async () => {
  const { outcome, acted } = await poll(gate(3))
  expect(outcome).toBe(true)
  expect(acted.map(({ verb }) => verb)).toEqual(['run', 'run', 'run'])
})

test('what was done for its sake is taken back when the time is up, and the hint is its own', async () => {
  const relent = setTo('door', 'shut', 'update')
  const { outcome, acted } = await poll(
    gate(9, { gate: { limit: 0, interval: 0.001, hint: 'Open it by hand.', relent } }),
  )
  expect(outcome).toMatchObject({ details: { code: 'KW3001', hint: 'Open it by hand.' } })
  expect(acted).toEqual([relent])
})
