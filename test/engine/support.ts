import type { Change, Resource } from '../../src/engine/resource.ts'
import type { Operation, ReadyChange, Target } from '../../src/engine/target.ts'
import type { Agenda, HostPhase } from '../../src/engine/task.ts'
import { sh } from '../../src/transport/command.ts'

/** A host that is a map of values, for tests of the engine alone: acting on a resource gives it its wanted value. */
export interface ValueHost extends Target {
  readonly values: Map<string, string>
  /** What was done, in order: `begin`, `probe a b`, `act a`, `look a b` by the same execution, `finish done`. */
  readonly log: string[]
  /** Resources whose action fails, or has no effect. */
  readonly broken: Map<string, 'fails' | 'has no effect'>
}

export function valueHost(name: string, values: Readonly<Record<string, string>> = {}): ValueHost {
  const host: ValueHost = {
    name,
    values: new Map(Object.entries(values)),
    log: [],
    broken: new Map(),
    probe(resources) {
      host.log.push(`probe ${resources.map(({ id }) => id).join(' ')}`)
      return Promise.resolve(new Map(resources.map(({ id }) => [id, host.values.get(id)])))
    },
    begin() {
      host.log.push('begin')
      return Promise.resolve()
    },
    act(_operation, changes, look = []) {
      for (const change of changes) actOn(host, change)
      if (look.length > 0) host.log.push(`look ${look.map(({ id }) => id).join(' ')}`)
      return Promise.resolve(new Map(look.map(({ id }) => [id, host.values.get(id)])))
    },
    finish(_operation, outcome) {
      host.log.push(`finish ${outcome}`)
      return Promise.resolve()
    },
    read: (path) => Promise.resolve(Buffer.from(`content of ${path}`)),
    diagnose: () => Promise.resolve({ output: 'the last line of a log' }),
  }
  return host
}

function actOn(host: ValueHost, { resource, actions }: ReadyChange): void {
  host.log.push(`act ${resource}`)
  const fate = host.broken.get(resource)
  if (fate === 'fails') throw new Error(`${resource} is broken`)
  const [ready] = actions
  if (fate === undefined) host.values.set(resource, ready?.bytes?.toString() ?? '')
}

/** A resource that shall have a value. */
export function value(id: string, wanted: string, more: Partial<Resource<string | undefined>> = {}): Resource {
  return {
    id,
    probe: { script: sh`probe ${id}`, parse: (output) => output },
    compare: (state) => (state === wanted ? undefined : setTo(id, wanted, state === undefined ? 'create' : 'update')),
    ...more,
  }
}

export function setTo(id: string, wanted: string, verb: Change['verb']): Change {
  const action = { kind: 'write', path: `/${id}`, content: wanted, mode: 0o644, undo: 'restore' } as const
  return { verb, summary: `${id} becomes ${wanted}`, impact: 'none', actions: [action] }
}

/** One phase with one task on each host. */
export function agenda(
  ...phases: readonly (readonly [string, readonly string[], Readonly<Record<string, readonly Resource[]>>])[]
): Agenda {
  return {
    playbook: 'test',
    phases: phases.map(([name, after, hosts]) => ({
      name,
      after,
      afterAny: [],
      concurrency: 10,
      hosts: Object.entries(hosts).map(([host, resources]): HostPhase => ({
        host,
        steps: [{ task: `${name}/task`, summary: name, resources }],
      })),
    })),
  }
}

export const operation: Operation = {
  id: 'op-1',
  playbook: 'test',
  cluster: { id: 'c-1', name: 'test' },
  inventory: 'd',
  program: '0',
  startedBy: 'me@here',
  resumed: false,
}
