import { expect, test } from 'vitest'
import { resolvingContext, workAhead } from '../../src/engine/ready.ts'
import type { Change, Content } from '../../src/engine/resource.ts'
import { Secret } from '../../src/transport/command.ts'

const context = () =>
  resolvingContext(
    new Map(),
    (text) => new Secret(text),
    () => new Date(0),
  )

function writing(content: Content): Change {
  const write = { kind: 'write', path: '/etc/x', content, mode: 0o600, undo: 'restore' } as const
  return { verb: 'create', summary: 'write /etc/x', impact: 'none', actions: [write] }
}

test('what is made ahead is what is used when its turn comes', async () => {
  let made = 0
  const key = { kind: 'deferred', description: 'key' } as const
  const resolving = context()
  const take = () => resolving.once('key', () => Promise.resolve(String((made += 1))))
  await workAhead([writing({ ...key, resolve: take, ahead: take })], resolving, new AbortController().signal)
  expect(made).toBe(1)
  expect([await take(), made]).toEqual(['1', 1])
})

test('work ahead that fails is done again, and told of, when its turn comes', async () => {
  let tries = 0
  const resolving = context()
  const take = () => resolving.once('key', () => Promise.reject(new Error(`try ${(tries += 1)}`)))
  const content = { kind: 'deferred', description: 'key', resolve: take, ahead: take } as const
  await workAhead([writing(content), writing('text')], resolving, new AbortController().signal)
  await expect(take()).rejects.toThrow('try 2')
})

test('a run that is stopped begins no more work ahead', async () => {
  const stop = new AbortController()
  const done: string[] = []
  const work = (name: string) => async () => {
    done.push(name)
    stop.abort()
    return Promise.resolve('')
  }
  const contents = ['one', 'two'].map((name) =>
    writing({ kind: 'deferred', description: name, resolve: work(name), ahead: work(name) }),
  )
  await workAhead(contents, context(), stop.signal)
  expect(done).toEqual(['one'])
})
