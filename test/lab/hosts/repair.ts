import { progress, timed } from '../shell.ts'
import type { HostDefinition, LabDefinition } from './definition.ts'
import { answers, freeAddresses, labContainers, removeContainers, removeDisks } from './podman.ts'
import { forgetMachines, machineId, vagrantUp } from './vagrant.ts'

/** Starts the hosts that are missing or broken; one more attempt clears away what has spoiled the first. */
export async function startMissingHosts(lab: LabDefinition): Promise<void> {
  const missing = await repairHosts(lab)
  if (missing.length === 0) return
  const names = missing.map((host) => host.name).join(', ')
  try {
    await timed(`Starting ${names}`, () => vagrantUp(lab))
  } catch (error) {
    progress(`Starting ${names} failed, once more: ${error instanceof Error ? error.message : String(error)}`)
    await repairHosts(lab)
    await timed(`Starting ${names}`, () => vagrantUp(lab))
  }
}

/**
 * Clears away what a cut-off run has left of hosts, and answers the hosts that are then to be made: those without a
 * container, with one that runs nothing, or with one that Vagrant does not know.
 */
async function repairHosts(lab: LabDefinition): Promise<readonly HostDefinition[]> {
  const containers = await labContainers()
  const idOf = new Map(containers.map(({ name, id }) => [name, id]))
  const sound = await Promise.all(
    lab.hosts.map(async (host) => {
      const id = idOf.get(host.container)
      return id !== undefined && id === (await machineId(lab.name, host.name)) && (await answers(host.container))
    }),
  )
  const missing = lab.hosts.filter((_, index) => sound[index] !== true)
  const kept = new Set(lab.hosts.filter((host) => !missing.includes(host)).map((host) => host.container))
  const rubbish = containers.filter((container) => container.lab === lab.name && !kept.has(container.name))
  await removeContainers(rubbish.map((container) => container.name))
  if (missing.length > 0) {
    await removeDisks(missing)
    await freeAddresses(lab, missing)
    await forgetMachines(lab, missing)
  }
  return missing
}
