import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { $, ask } from '../shell.ts'
import { managementNetwork, nodeNetwork, type HostDefinition, type LabDefinition } from './definition.ts'
import { labPaths } from './paths.ts'

const label = 'kubewright-lab'

/** One container of a lab as podman lists it. */
export interface ListedContainer {
  readonly id: string
  readonly name: string
  readonly lab: string
  /** The file in some checkout that defines the lab. */
  readonly definition: string
}

/** Every container of every lab, whether it runs or not. */
export async function labContainers(): Promise<readonly ListedContainer[]> {
  const format = `{{.ID}} {{.Names}} {{index .Labels "${label}"}} {{index .Labels "${label}-definition"}}`
  const { stdout } = await $`podman ps --all --no-trunc --filter label=${label} --format ${format}`
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [id = '', name = '', lab = '', ...definition] = line.split(' ')
      return { id, name, lab, definition: definition.join(' ') }
    })
}

/** Whether something really runs in a container: podman's list does not notice processes that were killed with it. */
export async function answers(container: string): Promise<boolean> {
  return (await ask`timeout 10 podman exec ${container} true`).exitCode === 0
}

/** Removes containers, whatever state they are in. */
export async function removeContainers(names: readonly string[]): Promise<void> {
  if (names.length === 0) return
  if ((await ask`podman rm --force --time 0 --volumes ${names}`).exitCode === 0) return
  // After a crash, the first attempt may only get as far as noticing that the processes are gone.
  const again = await ask`podman rm --force --time 0 --volumes --ignore ${names}`
  if (again.exitCode !== 0) throw new Error(`podman cannot remove ${names.join(', ')}: ${again.stderr.trim()}`)
}

/** Removes the disks of hosts. */
export async function removeDisks(hosts: readonly HostDefinition[]): Promise<void> {
  await ask`podman volume rm --force ${hosts.flatMap((host) => host.volumeNames)}`
}

/** Whether podman has this network. */
export async function networkExists(name: string): Promise<boolean> {
  return (await ask`podman network exists ${name}`).exitCode === 0
}

/** Makes the networks of a lab that do not exist yet. */
export async function createNetworks(lab: LabDefinition): Promise<void> {
  const create = async (name: string, subnet: string, options: readonly string[]): Promise<void> => {
    if (await networkExists(name)) return
    const labels = [`${label}=${lab.name}`, `${label}-definition=${labPaths(lab.name).definition}`]
    await $`podman network create --disable-dns ${labels.flatMap((text) => ['--label', text])} --subnet ${subnet} ${options} ${name}`
  }
  if (lab.topology.twoNetworks) await create(managementNetwork(lab.name), `10.90.${lab.subnet}.0/24`, [])
  // With two networks the default route belongs to the other one.
  await create(nodeNetwork(lab.name), `10.89.${lab.subnet}.0/24`, lab.topology.twoNetworks ? ['--internal'] : [])
}

/** Removes the networks of a lab. */
export async function removeNetworks(name: string): Promise<void> {
  for (const network of [nodeNetwork(name), managementNetwork(name)]) {
    await ask`podman network rm --force ${network}`
    await rm(leases(network), { recursive: true, force: true })
  }
}

/** Frees addresses that containers held when they were killed together with their container engine. */
export async function freeAddresses(lab: LabDefinition, hosts: readonly HostDefinition[]): Promise<void> {
  const addresses = new Set(hosts.flatMap((host) => [host.address, host.nodeIP]))
  for (const network of [nodeNetwork(lab.name), managementNetwork(lab.name)]) {
    const held = await readdir(leases(network)).catch(() => [])
    for (const file of held.filter((name) => addresses.has(name)))
      await rm(join(leases(network), file), { force: true })
  }
}

// Where the CNI back end of podman notes addresses in use; with the netavark back end there is no such directory.
function leases(network: string): string {
  return join('/var/lib/cni/networks', network)
}
