import type { Resource } from './resource.ts'

/** A named, ordered list of resources for one host: a pure function of what is wanted and what was read before planning. */
export interface Task<Context> {
  /** The same path as its file and its templates: `containerd/config`. */
  readonly name: string
  /** What it does, for people: `Configure containerd`. */
  readonly summary: string
  resources(context: Context): readonly Resource[]
}

/** Declares a task; it exists for the inference of `Context`. */
export function task<Context>(definition: Task<Context>): Task<Context> {
  return definition
}

/** A task with its resources, on one host. */
export interface Step {
  readonly task: string
  readonly summary: string
  readonly resources: readonly Resource[]
}

/** The part of a phase that one host has to do. */
export interface HostPhase {
  readonly host: string
  readonly steps: readonly Step[]
}

/** Tasks times hosts. On one host phases run in the order of the agenda; `after` waits for the named phases on all their hosts. */
export interface Phase {
  readonly name: string
  readonly after: readonly string[]
  /** Phases that must be done, but may have failed on some of their hosts. */
  readonly afterAny: readonly string[]
  readonly concurrency: number
  readonly hosts: readonly HostPhase[]
}

/** A playbook applied to a cluster: everything that the engine has to know about what shall be. */
export interface Agenda {
  readonly playbook: string
  readonly phases: readonly Phase[]
}
