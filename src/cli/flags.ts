/** Every flag of every verb as the command line gives it; a verb reads those that it declares. */
export interface Flags {
  readonly inventory: string
  readonly output: 'text' | 'json'
  /** Names of hosts; empty means all. */
  readonly limit: readonly string[]
  readonly verbose: boolean
  readonly color: boolean
  readonly ignore: readonly string[]
  readonly deep: boolean
  readonly yes: boolean
  readonly force: boolean
  readonly merge: boolean
  readonly out: string | undefined
  readonly plan: string | undefined
  readonly name: string | undefined
  readonly controlPlane: readonly string[]
  readonly worker: readonly string[]
  readonly user: string | undefined
  readonly kubernetesVersion: string | undefined
  readonly bundle: string | undefined
  /** The words after the command: names of hosts. */
  readonly names: readonly string[]
  readonly offline: boolean
  readonly deleteEmptydirData: boolean
  readonly drainTimeout: string
  readonly uncordonOnFailure: boolean
  readonly keepInventory: boolean
  readonly with: string | undefined
}

/** What holds where the command line says nothing. */
export const defaultFlags: Flags = {
  inventory: 'inventory.yaml',
  output: 'text',
  limit: [],
  verbose: false,
  color: true,
  ignore: [],
  deep: false,
  yes: false,
  force: false,
  merge: false,
  out: undefined,
  plan: undefined,
  name: undefined,
  controlPlane: [],
  worker: [],
  user: undefined,
  kubernetesVersion: undefined,
  bundle: undefined,
  names: [],
  offline: false,
  deleteEmptydirData: false,
  drainTimeout: '5m',
  uncordonOnFailure: false,
  keepInventory: false,
  with: undefined,
}
