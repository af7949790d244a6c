import { readdir } from 'node:fs/promises'
import { $, ask } from '../shell.ts'
import { readLab } from './definition.ts'
import { stateDirectory } from './paths.ts'

/** The first N for which neither 10.89.N.0/24 nor 10.90.N.0/24 is used by this machine or by another lab. */
export async function freeSubnet(name: string): Promise<number> {
  const others = (await readdir(stateDirectory).catch(() => [])).filter((other) => other !== name)
  const labs = await Promise.all(others.map((other) => readLab(other)))
  // Not strict: a network may go away between the two commands.
  const networks = await ask`podman network ls --quiet | xargs -r podman network inspect`
  const used = `${networks.stdout}\n${(await $`ip -4 route`).stdout}`
  for (let subnet = 5; subnet < 255; subnet += 1) {
    const taken =
      new RegExp(`\\b10\\.(?:89|90)\\.${subnet}\\.`).test(used) || labs.some((lab) => lab?.subnet === subnet)
    if (!taken) return subnet
  }
  throw new Error('No subnet 10.89.N.0/24 is free for a lab: take labs down with "npm run lab -- down --all".')
}
