import { readdir } from 'node:fs/promises'
import { $ } from '../shell.ts'
import { readLab } from './definition.ts'
import { stateDirectory } from './paths.ts'

/** The first N for which neither 10.88.N.0/24 nor 10.89.N.0/24 is used by this machine or by another lab. */
export async function freeSubnet(): Promise<number> {
  const names = await readdir(stateDirectory).catch(() => [])
  const labs = await Promise.all(names.map(readLab))
  const networks = await $`podman network ls --quiet | xargs -r podman network inspect`
  const used = `${networks.stdout}\n${(await $`ip -4 route`).stdout}`
  for (let subnet = 5; subnet < 255; subnet += 1) {
    const taken = new RegExp(`\\b10\\.8[89]\\.${subnet}\\.`).test(used) || labs.some((lab) => lab?.subnet === subnet)
    if (!taken) return subnet
  }
  throw new Error('No subnet 10.89.N.0/24 is free for a lab: take labs down with "npm run lab -- down --all".')
}
