import type { HostDefinition, LabDefinition } from './definition.ts'
import { answers, freeAddresses, labContainers, removeContainers, removeDisks } from './podman.ts'
import { forgetMachines, machineId } from './vagrant.ts'

/**
 * Clears away what a cut-off run has left of hosts, and answers the hosts that are then to be made: those without a
 * container, with one that runs nothing, or with one that Vagrant does not know.
 */
export async function repairHosts(lab: LabDefinition): Promise<readonly HostDefinition[]> {
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
    await forgetMachines(
      lab.name,
      new Set(lab.hosts.filter((host) => !missing.includes(host)).map((host) => host.name)),
    )
  }
  return missing
}
