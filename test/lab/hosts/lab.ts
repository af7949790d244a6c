import type { LabDefinition } from './definition.ts'
import { labPaths } from './paths.ts'

/** One host of a lab. */
export interface LabHost {
  readonly name: string
  readonly address: string
  readonly nodeIP: string
  readonly container: string
}

/** A lab that is up. */
export interface Lab {
  readonly name: string
  readonly directory: string
  readonly inventoryPath: string
  readonly identityFile: string
  readonly knownHostsFile: string
  readonly hosts: readonly LabHost[]
}

/** What a test needs to know of a lab. */
export function asLab(definition: LabDefinition): Lab {
  const paths = labPaths(definition.name)
  return {
    name: definition.name,
    directory: paths.directory,
    inventoryPath: paths.inventory,
    identityFile: paths.identity,
    knownHostsFile: paths.knownHosts,
    hosts: definition.hosts.map(({ name, address, nodeIP, container }) => ({ name, address, nodeIP, container })),
  }
}
