import type { Secret } from '../transport/command.ts'
import { KubewrightError } from './errors.ts'
import type { Action, Change, Content, Resolving, Resource } from './resource.ts'
import type { Operation, ReadyAction, ReadyChange, Target } from './target.ts'
import type { Agenda } from './task.ts'

/** Resolves the deferred values of a change; the change is then bytes and commands only. */
export async function makeReady(resource: string, change: Change, context: Resolving): Promise<ReadyChange> {
  const actions = await Promise.all(change.actions.map((action) => readyAction(action, context)))
  return { resource, change, actions }
}

/** Does ahead what the changes will need, one thing after another; what fails here fails again where it is needed. */
export async function workAhead(changes: readonly Change[], context: Resolving, stop: AbortSignal): Promise<void> {
  for (const content of changes.flatMap(({ actions }) => actions.map(contentOf))) {
    if (stop.aborted) return
    if (typeof content === 'object' && 'resolve' in content) await content.ahead?.(context).catch(() => undefined)
  }
}

/** What an action brings to its host and is resolved first, if it brings anything. */
function contentOf(action: Action): Content | undefined {
  if (action.kind === 'write') return action.content
  if (action.kind === 'run') return action.input
  return action.kind === 'deliver' && 'url' in action.from ? action.from.curl : undefined
}

async function readyAction(action: Action, context: Resolving): Promise<ReadyAction> {
  const content = contentOf(action)
  return content === undefined ? { action, secret: false } : { action, ...(await resolveContent(content, context)) }
}

async function resolveContent(content: Content, context: Resolving): Promise<{ bytes: Buffer; secret: boolean }> {
  const value: string | Secret =
    typeof content === 'object' && 'resolve' in content ? await content.resolve(context) : content
  if (typeof value === 'string') return { bytes: Buffer.from(value), secret: false }
  return { bytes: Buffer.from(value.reveal()), secret: true }
}

/** Splits the actions of a change by the host that each names, in order; neighbours on one host stay together. */
export function byHost(change: ReadyChange, own: string): readonly { host: string; change: ReadyChange }[] {
  const parts: { host: string; actions: ReadyAction[] }[] = []
  for (const action of change.actions) {
    const host = action.action.host ?? own
    const last = parts.at(-1)
    if (last?.host === host) last.actions.push(action)
    else parts.push({ host, actions: [action] })
  }
  return parts.map(({ host, actions }) => ({ host, change: { ...change, actions } }))
}

/** What deferred values may use during one operation: files of the hosts, and one value per key. */
export function resolvingContext(
  targets: ReadonlyMap<string, Target>,
  toSecret: (text: string) => Secret,
  now: () => Date,
): Resolving {
  const made = new Map<string, Promise<unknown>>()
  return {
    get now() {
      return now()
    },
    async read(host, path) {
      const target = targets.get(host)
      if (target === undefined) throw notReached(host, path)
      const content = await target.read(path)
      return content === undefined ? undefined : toSecret(content.toString())
    },
    once<Value>(key: string, make: () => Promise<Value>): Promise<Value> {
      const known = made.get(key) as Promise<Value> | undefined
      if (known !== undefined) return known
      const value = make()
      made.set(key, value)
      value.catch(() => made.delete(key))
      return value
    },
  }
}

/** Begins the operation on each host once, just before its first change, and before that on those that witness every change. */
export function beginOnce(operation: Operation, targets: ReadonlyMap<string, Target>, witnesses: readonly string[]) {
  const begun = new Map<string, Promise<void>>()
  const beginOn = (host: string): Promise<void> => {
    const target = targets.get(host)
    const known = begun.get(host)
    if (known !== undefined) return known
    const beginning =
      target === undefined ? Promise.reject(new Error(`no connection for ${host}`)) : target.begin(operation)
    begun.set(host, beginning)
    return beginning
  }
  return {
    async begin(host: string): Promise<void> {
      await Promise.all(witnesses.map(beginOn))
      await beginOn(host)
    },
    hosts: (): readonly string[] => [...begun.keys()],
  }
}

function isWitness({ inputs }: Resource): boolean {
  return inputs?.includes('*') === true
}

/** Hosts with a resource that is stale after any change: that something was begun is noted there first. */
export function witnessHosts({ phases }: Agenda): readonly string[] {
  const parts = phases.flatMap((phase) => phase.hosts)
  const found = parts.filter(({ steps }) => steps.some(({ resources }) => resources.some(isWitness)))
  return [...new Set(found.map(({ host }) => host))]
}

/** Whether there is such a file is not known, which is not the same as that there is none. */
function notReached(host: string, path: string): KubewrightError {
  return new KubewrightError({
    code: 'KW3023',
    exit: 'apply',
    host,
    message: `${path} is needed from ${host}, which this run does not reach`,
    hint: 'Run it when the host answers.',
  })
}
