import type { Facts } from '../../../src/host/facts.ts'
import type { Context } from '../../../src/tasks/context.ts'
import { resetTasks } from '../../../src/tasks/reset/tasks.ts'
import { contextOf, factsOf } from '../../support/facts.ts'
import { applyTasks, listed, planTasks } from '../../support/run-task.ts'
import type { SandboxHost } from '../../support/sandbox-host.ts'

/** Facts of a host of the cluster `lab` on which these paths were installed. */
export function factsWith(...installed: readonly string[]): Facts {
  const record = { sha256: 'a'.repeat(64), stat: '1 1 1', name: 'file' }
  return factsOf({
    state: {
      cluster: { id: 'cluster-1', name: 'lab' },
      installed: Object.fromEntries(installed.map((path) => [path, record])),
    },
  })
}

/** Context of a host with our containerd. */
export function oursContext(overrides: Partial<Context> = {}): Context {
  return contextOf({ facts: factsWith('/usr/local/bin/containerd'), ...overrides })
}

/** Resets a sandbox and gives what is due afterwards, which is nothing if all is well. */
export async function reset(host: SandboxHost, context = oursContext()): Promise<readonly string[]> {
  await applyTasks(host, resetTasks, context)
  return (await due(host, context)).filter((change) => change !== 'delete reset:identity')
}

/** What a reset would do. */
export async function due(host: SandboxHost, context = oursContext()): Promise<readonly string[]> {
  return listed(await planTasks(host, resetTasks, context))
}

const operation = {
  id: 'op-1',
  playbook: 'reset',
  cluster: { id: 'cluster-1', name: 'lab' },
  inventory: 'f'.repeat(64),
  program: '0.0.0',
  startedBy: 'test',
  resumed: false,
}

/** Closes the operation of `applyTasks`; `forget` as a reset does. */
export async function close(host: SandboxHost, forget: boolean): Promise<void> {
  await host.target.finish({ ...operation, forget: forget ? [host.target.name] : [] }, 'done')
}

/** Begins and closes an operation that changes nothing. */
export async function idle(host: SandboxHost, id: string): Promise<void> {
  await host.target.begin({ ...operation, id })
  await host.target.finish({ ...operation, id }, 'done')
}

/** Installs a file by an operation with this id. */
export async function install(host: SandboxHost, path: string, text: string, id = 'op-1'): Promise<void> {
  const content = Buffer.from(text)
  const action = { kind: 'write', path, content: text, mode: 0o644, undo: 'restore' } as const
  const change = { verb: 'create', summary: path, impact: 'none', actions: [action] } as const
  await host.target.begin({ ...operation, id })
  const ready = { resource: `file:${path}`, change, actions: [{ action, bytes: content, secret: false }] }
  await host.target.act({ ...operation, id }, [ready])
}

/** Removes a file by an operation with this id. */
export async function remove(host: SandboxHost, path: string, id = 'op-1'): Promise<void> {
  const action = { kind: 'remove', path, undo: 'restore' } as const
  const change = { verb: 'delete', summary: path, impact: 'none', actions: [action] } as const
  const ready = { resource: `absent:${path}`, change, actions: [{ action, secret: false }] }
  await host.target.act({ ...operation, id }, [ready])
}
