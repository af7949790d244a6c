import { readdir, rm, rmdir } from 'node:fs/promises'
import { $, ask } from '../shell.ts'
import { readLab } from './definition.ts'
import { restoreInotify } from './inotify.ts'
import { endIsolation } from './isolation.ts'
import { defaultLab, labPaths, labsDirectory, stateDirectory } from './paths.ts'
import { withLab } from './turns.ts'
import { labContainers, removeContainers, removeNetworks } from './podman.ts'

/** Takes a lab down: removes what bringing it up made, and nothing else. */
export async function labDown(name: string = defaultLab): Promise<void> {
  await withLab(name, () => removeLab(name))
  await afterLast()
}

/** Takes every lab down, also one whose files are gone. */
export async function labDownAll(): Promise<void> {
  for (const name of await labNames()) await withLab(name, () => removeLab(name))
  await afterLast()
}

/** The names of all labs that left anything behind. */
export async function labNames(): Promise<readonly string[]> {
  const defined = await readdir(stateDirectory).catch(() => [])
  const running = (await labContainers()).map((container) => container.lab)
  const networks = await ask`podman network ls --filter label=kubewright-lab --format ${'{{.Name}}'}`
  const ofNetworks = networks.stdout.split('\n').flatMap((line) => /^kw-([a-z0-9]+)-/.exec(line)?.slice(1) ?? [])
  return [...new Set([...defined, ...running, ...ofNetworks])].sort()
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
  const definitions = await Promise.all((await labNames()).map(readLab))
  if (definitions.length === 0) await restoreInotify()
}
