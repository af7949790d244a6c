import { newestKubernetes } from '../artifacts/versions.ts'
import { withLab, withMachine } from './turns.ts'
import { aptInstall } from '../machine.ts'
import { defineLab, nodeNetwork, readLab, writeLab, type LabDefinition, type Topology } from './definition.ts'
import { removeLab } from './down.ts'
import { ensureHostImage, imageExists } from './host-image.ts'
import { raiseInotify } from './inotify.ts'
import { writeInventory, type LabNetwork } from './inventory.ts'
import { isolate } from './isolation.ts'
import { makeKeys } from './keys.ts'
import { asLab, type Lab } from './lab.ts'
import { refuseForeign } from './owners.ts'
import { checkLabName, defaultLab } from './paths.ts'
import { createNetworks, networkExists } from './podman.ts'
import { startMissingHosts } from './repair.ts'
import { freeSubnet } from './subnet.ts'
import { waitForSsh } from './ssh.ts'

/** The lab to have. */
export interface LabOptions extends Partial<Topology> {
  readonly name?: string
  /** The Kubernetes release that the inventory asks for. */
  readonly kubernetes?: string
  /** The network that the inventory asks for; Flannel when not given. */
  readonly cni?: LabNetwork
  /** Make bare hosts even if a lab of this name is up. */
  readonly fresh?: boolean
}

const packages = [
  'podman',
  'podman-docker',
  'vagrant',
  'runc',
  'debootstrap',
  'dpkg-dev',
  'iptables',
  'nftables',
  'openssh-client',
]

/** Brings a lab up, keeping the hosts that are up already and making anew those that are broken. */
export async function labUp(options: LabOptions = {}): Promise<Lab> {
  const name = checkLabName(options.name ?? defaultLab)
  await aptInstall(packages)
  return withLab(name, () => bringUp(name, options))
}

async function bringUp(name: string, options: LabOptions): Promise<Lab> {
  if (options.fresh !== true) await refuseForeign(name)
  // Without a definition there may still be containers and networks of a lab whose files are gone.
  if (options.fresh === true || (await readLab(name)) === undefined) await removeLab(name)
  const topology: Topology = {
    controlPlanes: options.controlPlanes ?? 1,
    workers: options.workers ?? 2,
    etcdHosts: options.etcdHosts ?? 0,
    suite: options.suite ?? 'bookworm',
    twoNetworks: options.twoNetworks ?? false,
  }
  const existing = await existingLab(name, topology)
  const image = existing?.image ?? (await ensureHostImage(topology.suite))
  const lab = await withMachine(() => prepare(name, topology, image, existing))
  await makeKeys(lab)
  await startMissingHosts(lab)
  await waitForSsh(lab, lab.hosts)
  await writeInventory(lab, options.kubernetes ?? newestKubernetes, options.cni)
  return asLab(lab)
}

async function existingLab(name: string, topology: Topology): Promise<LabDefinition | undefined> {
  const existing = await readLab(name)
  if (existing === undefined) return undefined
  if (JSON.stringify(existing.topology) !== JSON.stringify(topology)) {
    throw new Error(
      `The lab ${name} is up with other hosts (${JSON.stringify(existing.topology)}): take it down first with "npm run lab -- down --name ${name}".`,
    )
  }
  return (await imageExists(existing.image)) ? existing : { ...existing, image: await ensureHostImage(topology.suite) }
}

async function prepare(
  name: string,
  topology: Topology,
  image: string,
  existing?: LabDefinition,
): Promise<LabDefinition> {
  // A subnet is taken by making its network; one that was only written down may have gone to another checkout's lab.
  const kept = existing !== undefined && (await networkExists(nodeNetwork(name))) ? existing.subnet : undefined
  const lab = defineLab(name, topology, kept ?? (await freeSubnet(name)), image)
  await writeLab(lab)
  await raiseInotify()
  await createNetworks(lab)
  await isolate(lab)
  return lab
}
