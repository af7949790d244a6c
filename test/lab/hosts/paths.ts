import { join } from 'node:path'
import { repositoryRoot } from '../repository.ts'

/** The name of a lab that was given none. */
export const defaultLab = 'lab'

/** Everything that labs write in the checkout. */
export const labsDirectory: string = join(repositoryRoot, '.lab')

/** What the lab itself must remember, apart from what its user works with. */
export const stateDirectory: string = join(labsDirectory, 'state')

/** The files of one lab. */
export interface LabPaths {
  readonly directory: string
  readonly inventory: string
  readonly identity: string
  readonly knownHosts: string
  readonly state: string
  readonly definition: string
  readonly keys: string
  readonly vagrant: string
}

/** Where the files of a lab are. */
export function labPaths(name: string): LabPaths {
  const directory = name === defaultLab ? labsDirectory : join(labsDirectory, name)
  const state = join(stateDirectory, name)
  return {
    directory,
    inventory: join(directory, 'inventory.yaml'),
    identity: join(directory, 'id_ed25519'),
    knownHosts: join(directory, 'known_hosts'),
    state,
    definition: join(state, 'lab.json'),
    keys: join(state, 'keys'),
    vagrant: join(state, 'vagrant'),
  }
}

/** Refuses a name that podman, a path or another lab's files would stumble over. */
export function checkLabName(name: string): string {
  if (!/^[a-z][a-z0-9]{0,19}$/.test(name) || name === 'state') {
    throw new Error(
      `A lab cannot be named "${name}": use up to 20 lower-case letters and digits, a letter first, and not "state".`,
    )
  }
  return name
}
