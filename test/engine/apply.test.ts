import { expect, test } from 'vitest'
import { applyPlan, type ApplyOptions, type ApplyResult } from '../../src/engine/apply.ts'
import type { EngineEvent } from '../../src/engine/events.ts'
import { makePlan } from '../../src/engine/plan.ts'
import type { Change, Resource } from '../../src/engine/resource.ts'
import type { Agenda } from '../../src/engine/task.ts'
import { Secret, sh } from '../../src/transport/command.ts'
import { agenda, operation, setTo, value, valueHost, type ValueHost } from './support.ts'

async function run(
  work: Agenda,
  hosts: readonly ValueHost[],
  more: Partial<ApplyOptions> = {},
): Promise<ApplyResult & { events: EngineEvent[] }> {
  const targets = new Map(hosts.map((host) => [host.name, host]))
  const events: EngineEvent[] = []
  const result = await applyPlan({
    agenda: work,
    plan: await makePlan(work, targets),
    targets,
    operation,
    unfinished: [],
    strict: false,
    stop: new AbortController().signal,
    emit: (event) => events.push(event),
    toSecret: (text) => new Secret(text),
    now: () => new Date(0),
    ...more,
  })
  return { ...result, events }
}

test('apply makes the planned changes, proves them by the same probes, and closes the operation', async () => {
  const host = valueHost('a')
  const work = agenda(['one', [], { a: [value('x', '1'), value('y', '2')] }])
  const result = await run(work, [host])
  expect(result).toMatchObject({ outcome: 'done', changes: 2, errors: [] })
  expect(host.log).toEqual(['probe x y', 'probe x y', 'begin', 'act x', 'act y', 'look x y', 'finish done'])
})

test('a second apply changes nothing and begins no operation', async () => {
  const host = valueHost('a', { x: '1' })
  const result = await run(agenda(['one', [], { a: [value('x', '1')] }]), [host])
  expect(result).toMatchObject({ outcome: 'done', changes: 0 })
  expect(host.log).toEqual(['probe x'])
})

test('a change that has no effect fails the task', async () => {
  const host = valueHost('a')
  host.broken.set('x', 'has no effect')
  const result = await run(agenda(['one', [], { a: [value('x', '1')] }]), [host])
  expect(result.outcome).toBe('failed')
  expect(result.errors.map(({ details }) => [details.code, details.host, details.resource])).toEqual([
    ['KW3002', 'a', 'x'],
  ])
  expect(host.log).not.toContain('finish done')
})

test('a bad host does not stop the others, and every failure is reported', async () => {
  const hosts = ['a', 'b', 'c'].map((name) => valueHost(name))
  hosts[0]?.broken.set('x', 'fails')
  hosts[1]?.broken.set('x', 'fails')
  const work = agenda(['one', [], { a: [value('x', '1')], b: [value('x', '1')], c: [value('x', '1')] }])
  const result = await run(work, hosts)
  expect(result.errors.map(({ details }) => details.host)).toEqual(['a', 'b'])
  expect(hosts[2]?.values.get('x')).toBe('1')
})

test('a phase waits for the phases that it comes after, and is skipped when one of them failed', async () => {
  const [a, b] = [valueHost('a'), valueHost('b')]
  a.broken.set('x', 'fails')
  const work = agenda(['one', [], { a: [value('x', '1')] }], ['two', ['one'], { b: [value('y', '1')] }])
  const result = await run(work, [a, b])
  expect(b.values.has('y')).toBe(false)
  expect(result.events).toContainEqual({ type: 'phase-skipped', phase: 'two', host: 'b' })
})

test('a host that is ready goes on while others still work', async () => {
  const [slow, quick] = [valueHost('slow'), valueHost('quick')]
  const { promise, open } = door()
  const act = slow.act.bind(slow)
  Object.assign(slow, { act: async (...args: Parameters<typeof act>) => promise.then(() => act(...args)) })
  const act2 = quick.act.bind(quick)
  Object.assign(quick, {
    act: async (...args: Parameters<typeof act>) => {
      await act2(...args)
      if (quick.values.has('y')) open()
    },
  })
  const work = agenda(
    ['one', [], { slow: [value('x', '1')], quick: [value('x', '1')] }],
    ['two', [], { slow: [value('y', '1')], quick: [value('y', '1')] }],
  )
  expect((await run(work, [slow, quick])).outcome).toBe('done')
})

test('a resource whose input changes is planned with it', async () => {
  const host = valueHost('a', { service: 'running' })
  const service = value('service', 'running', {
    inputs: ['config'],
    stale: () => setTo('service', 'running', 'restart'),
  })
  const work = agenda(['one', [], { a: [value('config', '1'), service] }])
  const result = await run(work, [host])
  expect(result.changes).toBe(2)
  expect(host.log).toContain('act service')
})

test('what witnesses every change is due when any host changes, and its host is told before', async () => {
  const [first, other] = [valueHost('first', { proof: 'ok' }), valueHost('other')]
  const proof = value('proof', 'ok', { inputs: ['*'], stale: () => setTo('proof', 'ok', 'run') })
  const work = agenda(['one', [], { other: [value('x', '1')] }], ['two', ['one'], { first: [proof] }])
  const plan = await makePlan(work, new Map([first, other].map((host) => [host.name, host])))
  expect(plan.changes.map(({ host, resource }) => [host, resource])).toEqual([
    ['other', 'x'],
    ['first', 'proof'],
  ])
  await run(work, [first, other])
  expect(first.log).toContain('begin')
})

test('a wait changes nothing, so what witnesses every change is not due for it', async () => {
  const host = valueHost('a', { pods: 'starting', proof: 'ok' })
  const wait: Change = { verb: 'wait', summary: 'pods are starting', impact: 'none', actions: [] }
  const pods = value('pods', 'ready', { compare: () => wait, gate: { limit: 1, interval: 1 } })
  const proof = value('proof', 'ok', { inputs: ['*'], stale: () => setTo('proof', 'ok', 'run') })
  const plan = await makePlan(agenda(['one', [], { a: [pods, proof] }]), new Map([['a', host]]))
  expect(plan.changes.map(({ resource }) => resource)).toEqual(['pods'])
})

test('under a saved plan a change that was not announced stops the run and is named', async () => {
  const host = valueHost('a')
  const work = agenda(['one', [], { a: [value('x', '1'), value('y', '1')] }])
  const plan = await makePlan(work, new Map([['a', host]]))
  const announced = { ...plan, changes: plan.changes.filter(({ resource }) => resource === 'x') }
  const result = await run(work, [host], { plan: announced, strict: true })
  expect(result.errors.map(({ details }) => [details.code, details.resource])).toEqual([['KW3003', 'y']])
  expect(host.log.filter((line) => line.startsWith('act'))).toEqual([])
})

test('a gate is polled until it opens, and what comes after it is compared then', async () => {
  const host = valueHost('a')
  let polls = 0
  const gate: Resource = {
    ...value('gate', 'open'),
    compare: () => (++polls > 4 ? undefined : { verb: 'wait', summary: 'not yet', impact: 'none', actions: [] }),
    gate: { limit: 5, interval: 0.01 },
  }
  const result = await run(agenda(['one', [], { a: [value('x', '1'), gate, value('y', '1')] }]), [host])
  expect(result).toMatchObject({ outcome: 'done', changes: 2 })
  expect(host.log.indexOf('act x')).toBeLessThan(host.log.lastIndexOf('probe gate'))
  expect(host.log.lastIndexOf('probe gate')).toBeLessThan(host.log.indexOf('act y'))
})

test('a gate that stays shut gives an error with the reason and the diagnosis', async () => {
  const shut: Resource = {
    ...value('gate', 'open'),
    compare: () => ({ verb: 'wait', summary: 'API server: refused', impact: 'none', actions: [] }),
    gate: { limit: 0, interval: 0.01, explain: sh`journalctl` },
  }
  const result = await run(agenda(['one', [], { a: [shut] }]), [valueHost('a')])
  expect(result.errors[0]?.details).toMatchObject({
    code: 'KW3001',
    resource: 'gate',
    output: 'the last line of a log',
  })
  expect(result.errors[0]?.details.message).toBe('Gave up after 0 s: API server: refused')
})

test('after a stop no further action is begun, and the operation stays open', async () => {
  const host = valueHost('a')
  const stop = new AbortController()
  const work = agenda(['one', [], { a: [value('x', '1')] }], ['two', [], { a: [value('y', '1')] }])
  const act = host.act.bind(host)
  Object.assign(host, {
    act: async (...args: Parameters<typeof act>) => {
      stop.abort()
      return act(...args)
    },
  })
  const result = await run(work, [host], { stop: stop.signal })
  expect(result).toMatchObject({ outcome: 'interrupted', changes: 1, errors: [] })
  expect(host.log).not.toContain('act y')
  expect(host.log).not.toContain('finish done')
})

test('a deferred value is resolved once for an operation, and only when its action is due', async () => {
  const host = valueHost('a')
  let made = 0
  const content = {
    kind: 'deferred',
    description: 'a key, known after apply',
    resolve: (context: { once<V>(key: string, make: () => Promise<V>): Promise<V> }) =>
      context.once('key', () => Promise.resolve(`key ${++made}`)),
  } as const
  const secret = (id: string): Resource => ({
    ...value(id, 'key 1'),
    compare: (state) =>
      state === 'key 1'
        ? undefined
        : {
            verb: 'create',
            summary: id,
            impact: 'none',
            actions: [{ kind: 'write', path: `/${id}`, content, mode: 0o600, undo: 'restore' }],
          },
  })
  await run(agenda(['one', [], { a: [secret('x'), secret('y')] }]), [host])
  expect([host.values.get('x'), host.values.get('y'), made]).toEqual(['key 1', 'key 1', 1])
})

test('hosts with an operation that an earlier run left open are closed even when nothing is to be done there', async () => {
  const host = valueHost('a', { x: '1' })
  await run(agenda(['one', [], { a: [value('x', '1')] }]), [host], { unfinished: ['a'] })
  expect(host.log).toEqual(['probe x', 'finish done'])
})

function door(): { promise: Promise<void>; open: () => void } {
  const opening: (() => void)[] = []
  return { promise: new Promise((resolve) => opening.push(resolve)), open: () => opening.forEach((each) => each()) }
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
  expect((await run(work, [host])).outcome).toBe('done')
  expect(host.log.filter((line) => line === 'probe gate')).toHaveLength(4)
  expect(host.log.lastIndexOf('probe gate')).toBeLessThan(host.log.indexOf('act y'))
})

test('under a saved plan a wait that was not announced is no change', async () => {
  const host = valueHost('a')
  const work = agenda(['one', [], { a: [value('x', '1')] }], ['two', [], { a: [gateThatShuts(host), value('y', '1')] }])
  const result = await run(work, [host], { strict: true })
  expect(result).toMatchObject({ outcome: 'done', errors: [] })
})

test('a run that changes nothing looks at no gate again', async () => {
  const host = valueHost('a', { x: '1', gate: 'open' })
  const gate: Resource = { ...value('gate', 'open'), gate: { limit: 5, interval: 0.01 } }
  await run(agenda(['one', [], { a: [value('x', '1')] }], ['two', [], { a: [gate] }]), [host])
  expect(host.log).toEqual(['probe x gate'])
})

/** One phase of one host with a task for each list of resources. */
function tasksOf(host: string, ...tasks: readonly (readonly Resource[])[]): Agenda {
  const [phase] = agenda(['one', [], { [host]: [] }]).phases
  const steps = tasks.map((resources, index) => ({ task: `one/${index}`, summary: 'one', resources }))
  return { playbook: 'test', phases: phase === undefined ? [] : [{ ...phase, hosts: [{ host, steps }] }] }
}

test('what a task has changed is proven, and what comes next is looked at, by the execution that acts', async () => {
  const host = valueHost('a')
  const work = tasksOf('a', [value('x', '1')], [value('y', '1')], [value('z', '1')])
  expect(await run(work, [host])).toMatchObject({ outcome: 'done', changes: 3 })
  const after = host.log.slice(host.log.indexOf('begin') + 1)
  expect(after).toEqual(['act x', 'look x y', 'act y', 'look y z', 'act z', 'look z', 'finish done'])
})

test('what has a proof of its own is looked at by that after a change, and by its probe before', async () => {
  const host = valueHost('a')
  const proof = { script: sh`prove x`, parse: (output: string) => output }
  const looks: string[] = []
  const acting = { ...host, act: host.act.bind(host) }
  acting.act = (operation, changes, look = []) => {
    looks.push(...look.map(({ probe }) => probe.script.text))
    return host.act(operation, changes, look)
  }
  const work = tasksOf('a', [value('x', '1', { proof })], [value('y', '1', { proof })])
  expect(await run(work, [acting])).toMatchObject({ outcome: 'done', changes: 2 })
  expect(looks).toEqual([proof.script.text, sh`probe ${'y'}`.text, proof.script.text])
})

test('what came to be as it shall be before its turn is not changed', async () => {
  const host = valueHost('a')
  const work = tasksOf('a', [value('x', '1')], [value('y', '1')])
  const acting = { ...host, act: host.act.bind(host) }
  acting.act = async (...given) => {
    await host.act(...given)
    host.values.set('y', '1')
    return new Map(host.values)
  }
  expect(await run(work, [acting])).toMatchObject({ outcome: 'done', changes: 1 })
})
