import { rm, rmdir } from 'node:fs/promises'
import { $, ask } from '../shell.ts'
import { restoreInotify } from './inotify.ts'
import { endIsolation } from './isolation.ts'
import { knownLabs } from './owners.ts'
import { defaultLab, labPaths, labsDirectory, stateDirectory } from './paths.ts'
import { withLab, withMachine } from './turns.ts'
import { labContainers, removeContainers, removeNetworks } from './podman.ts'

/** Takes a lab down: removes what bringing it up made, and nothing else. */
export async function labDown(name: string = defaultLab): Promise<void> {
  await withLab(name, () => removeLab(name))
  await afterLast()
}

/** Takes every lab of this checkout down, and those whose checkout is gone. */
export async function labDownAll(): Promise<void> {
  const labs = (await knownLabs()).filter((lab) => lab.elsewhere === undefined)
  for (const { name } of labs) await withLab(name, () => removeLab(name))
  await afterLast()
}

/** Removes one lab's containers, disks, networks and files, as far as they exist. */
export async function removeLab(name: string): Promise<void> {
  const paths = labPaths(name)
  const containers = (await labContainers()).filter((container) => container.lab === name)
  await removeContainers(containers.map((container) => container.name))
  const volumes = await ask`podman volume ls --quiet --filter name=${`^kw-${name}-`}`
  const names = volumes.stdout.split('\n').filter((line) => line !== '')
  if (names.length > 0) await $`podman volume rm --force ${names}`
  await removeNetworks(name)
  await endIsolation(name)
  // The default lab shares its directory with the others, and a user may keep files beside the inventory.
  const files = [paths.inventory, paths.identity, `${paths.identity}.pub`, paths.knownHosts]
  for (const file of files) await rm(file, { force: true })
  await rm(paths.state, { recursive: true, force: true }) // last: it is what makes a cut-off removal visible
  for (const directory of [paths.directory, stateDirectory, labsDirectory])
    await rmdir(directory).catch(() => undefined)
}

async function afterLast(): Promise<void> {
  await withMachine(async () => {
    if ((await knownLabs()).length === 0) await restoreInotify()
  })
}
