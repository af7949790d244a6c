import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { ask } from '../shell.ts'
import { labPaths, stateDirectory } from './paths.ts'
import { labContainers } from './podman.ts'

/** A lab that left anything behind on this machine. */
export interface KnownLab {
  readonly name: string
  /** The definition in the checkout that it belongs to, if that is another one and still there. */
  readonly elsewhere?: string
}

/** All labs of this machine: those of this checkout, those of others, and remains whose checkout is gone. */
export async function knownLabs(): Promise<readonly KnownLab[]> {
  const definitions = new Map<string, string>()
  const format = '{{.Name}} {{index .Labels "kubewright-lab-definition"}}'
  const networks = await ask`podman network ls --filter label=kubewright-lab --format ${format}`
  for (const line of networks.stdout.split('\n')) {
    const [, name, definition = ''] = /^kw-([a-z0-9]+)-\S+ ?(.*)$/.exec(line) ?? []
    if (name !== undefined) definitions.set(name, definition)
  }
  for (const container of await labContainers()) definitions.set(container.lab, container.definition)
  for (const name of await readdir(stateDirectory).catch(() => [])) {
    if (!definitions.has(name)) definitions.set(name, labPaths(name).definition)
  }
  return [...definitions]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, definition]) => {
      const foreign = definition !== labPaths(name).definition && existsSync(definition)
      return { name, ...(foreign ? { elsewhere: definition } : {}) }
    })
}

/** Refuses to touch a lab that is in use from another checkout. */
export async function refuseForeign(name: string): Promise<void> {
  const elsewhere = (await knownLabs()).find((lab) => lab.name === name)?.elsewhere
  if (elsewhere === undefined) return
  throw new Error(
    `The lab ${name} is up from another checkout (${elsewhere}): choose another --name, or take it down with "npm run lab -- down --name ${name}".`,
  )
}
