import type { Action, Change, Resource } from './resource.ts'

/** One run of a playbook against a cluster; a resumed run keeps the id. */
export interface Operation {
  readonly id: string
  readonly playbook: string
  readonly cluster: { readonly id: string; readonly name: string }
  /** Digest of the inventory, version of the program, and who runs it from where. */
  readonly inventory: string
  readonly program: string
  readonly startedBy: string
  readonly resumed: boolean
  /** Hosts that belong to no cluster afterwards, so that closing the operation leaves nothing there but its log. */
  readonly forget?: readonly string[]
  /** Hosts that the run is not for: what is done there is in the journal, and their own operation, proof and inventory stay. */
  readonly outside?: readonly string[]
}

/** An action whose deferred values are resolved. */
export interface ReadyAction {
  readonly action: Action
  /** The resolved content of a write or the input of a run; absent for the others. */
  readonly bytes?: Buffer
  readonly secret: boolean
}

/** One resource's change, ready to be carried out on one host. */
export interface ReadyChange {
  readonly resource: string
  readonly change: Change
  readonly actions: readonly ReadyAction[]
}

/** Why a wait did not end: what the diagnosis printed. */
export interface Diagnosis {
  readonly output: string
  /** What helps, where the output tells of known trouble. */
  readonly hint?: string
}

/** A host as the engine sees it. Every method rejects with `KubewrightError`. */
export interface Target {
  readonly name: string
  /** Runs the probes in one execution; the states by resource id. */
  probe(resources: readonly Resource[]): Promise<ReadonlyMap<string, unknown>>
  /** Identity and journal, before the first action of an operation. */
  begin(operation: Operation): Promise<void>
  /**
   * Carries out changes in order, journal first, and stops at the first failure; then runs the probes of `look` in the same
   * execution. `tell` hears what the changes say to people.
   */
  act(
    operation: Operation,
    changes: readonly ReadyChange[],
    look?: readonly Resource[],
    tell?: (text: string) => void,
  ): Promise<ReadonlyMap<string, unknown>>
  /** Closes the operation on this host; `done` also records the inventory as the last applied. */
  finish(operation: Operation, outcome: 'done' | 'superseded'): Promise<void>
  /** Content of a file, undefined if there is none. For deferred values only. */
  read(path: string): Promise<Buffer | undefined>
  diagnose(resource: Resource): Promise<Diagnosis>
}
