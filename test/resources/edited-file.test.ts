import { beforeEach, expect, test } from 'vitest'
import type { Task } from '../../src/engine/task.ts'
import { editedFile } from '../../src/resources/edited-file.ts'
import { file } from '../../src/resources/file.ts'
import type { Context } from '../../src/tasks/context.ts'
import { Secret, sh } from '../../src/transport/command.ts'
import { contextOf } from '../support/facts.ts'
import { applyTasks, listed, planTasks } from '../support/run-task.ts'
import { sandboxHost, type SandboxHost } from '../support/sandbox-host.ts'

let host: SandboxHost

function greeting(): string {
  return 'hello\n'
}

beforeEach(() => {
  host = sandboxHost()
})

function withResources(...resources: ReturnType<Task<Context>['resources']>): Task<Context> {
  return { name: 'test', summary: 'Test', resources: () => resources }
}

const shout = editedFile('/etc/motd', (text) => text.toUpperCase(), { why: 'louder', afterwards: sh`touch /heard` })

test('an edit keeps mode, owner and the last line’s missing end, and what follows it runs', async () => {
  host.write('/etc/motd', 'hello\nworld', 0o640)
  await applyTasks(host, withResources(shout), contextOf())
  expect(host.read('/etc/motd')).toBe('HELLO\nWORLD')
  expect(host.snapshot().get('/etc/motd')).toMatch(/^640 /)
  expect(host.read('/heard')).toBe('')
  expect(listed(await planTasks(host, withResources(shout), contextOf()))).toEqual([])
})

test('a link stays a link, and what it leads to is edited', async () => {
  host.write('/usr/lib/motd', 'hello\n')
  host.link('/etc/motd', '../usr/lib/motd')
  const plan = await planTasks(host, withResources(shout), contextOf())
  expect(plan.changes.map(({ change }) => change.summary)).toEqual(['edit /usr/lib/motd: louder'])
  await applyTasks(host, withResources(shout), contextOf())
  expect(host.read('/usr/lib/motd')).toBe('HELLO\n')
  expect(host.snapshot().get('/etc/motd')).toBe('link ../usr/lib/motd')
})

test('a file that is not there is made only where that is asked for', async () => {
  const edited = editedFile('/etc/motd', greeting, { why: 'greet' })
  expect(listed(await planTasks(host, withResources(edited), contextOf()))).toEqual([])
  const made = editedFile('/etc/motd', greeting, { why: 'greet', create: true })
  expect(listed(await planTasks(host, withResources(made), contextOf()))).toEqual(['create edit:/etc/motd'])
})

test('a file with a secret is compared by a hash that no saved plan holds', async () => {
  const task = withResources(file('/etc/token', new Secret('hunter2'), { mode: 0o600 }))
  const { changes } = await planTasks(host, task, contextOf())
  expect(JSON.stringify(changes)).not.toContain('hunter2')
  await applyTasks(host, task, contextOf())
  expect(host.read('/etc/token')).toBe('hunter2')
  expect(listed(await planTasks(host, task, contextOf()))).toEqual([])
  const [one] = (await planTasks(host, task, contextOf())).digests.values()
  host.write('/etc/token', 'hunter3', 0o600)
  const [other] = (await planTasks(host, task, contextOf())).digests.values()
  host.write('/etc/token', 'hunter4', 0o600)
  expect(other).not.toBe(one)
  expect((await planTasks(host, task, contextOf())).digests.values().next().value).toBe(other)
})
