import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { labPaths } from './paths.ts'

/** The Debian releases that a lab's hosts can run. */
export type Suite = 'bookworm' | 'trixie'

/** What a lab consists of. */
export interface Topology {
  readonly controlPlanes: number
  readonly workers: number
  /** Hosts that run etcd alone. */
  readonly etcdHosts: number
  readonly suite: Suite
  readonly twoNetworks: boolean
}

/** One host as the Vagrantfile reads it. */
export interface HostDefinition {
  readonly name: string
  readonly role: 'control-plane' | 'worker' | 'etcd'
  readonly container: string
  /** Where sshd is reached; the node's own address too, unless the lab has two networks. */
  readonly address: string
  readonly nodeIP: string
  readonly sshPort: number
  readonly volumes: readonly string[]
  readonly volumeNames: readonly string[]
  readonly networks: readonly string[]
}

/** A lab as it is written down before anything of it is made, so that a cut-off run can be cleared away. */
export interface LabDefinition {
  readonly name: string
  readonly topology: Topology
  /** The N of the lab's networks 10.89.N.0/24 (nodes) and 10.90.N.0/24 (management). */
  readonly subnet: number
  readonly image: string
  readonly identityFile: string
  readonly hosts: readonly HostDefinition[]
}

const diskPaths = ['/var/lib/containerd', '/var/lib/kubelet', '/var/lib/etcd']

/** Works out names and addresses of a lab. */
export function defineLab(name: string, topology: Topology, subnet: number, image: string): LabDefinition {
  const paths = labPaths(name)
  const host = (hostName: string, role: HostDefinition['role'], octet: number): HostDefinition => {
    const container = `kw-${name}-${hostName}`
    const volumeNames = diskPaths.map((path) => `${container}${path.replaceAll('/', '-')}`)
    const nodeIP = `10.89.${subnet}.${octet}`
    const address = topology.twoNetworks ? `10.90.${subnet}.${octet}` : nodeIP
    return {
      name: hostName,
      role,
      container,
      address,
      nodeIP,
      sshPort: 10_000 + subnet * 64 + octet,
      volumes: [
        `${paths.keys}/${hostName}:/opt/lab-keys:ro`,
        // overlay on overlay does not work, and a disk of its own is what these have on real hosts, too
        ...diskPaths.map((path, index) => `${volumeNames[index]}:${path}`),
      ],
      volumeNames,
      networks: topology.twoNetworks
        ? [attachment(managementNetwork(name), address, 'eth0'), attachment(nodeNetwork(name), nodeIP, 'eth1')]
        : [attachment(nodeNetwork(name), nodeIP, 'eth0')],
    }
  }
  return {
    name,
    topology,
    subnet,
    image,
    identityFile: paths.identity,
    hosts: [
      ...count(topology.controlPlanes).map((index) => host(`cp${index + 1}`, 'control-plane', 11 + index)),
      ...count(topology.workers).map((index) => host(`w${index + 1}`, 'worker', 21 + index)),
      ...count(topology.etcdHosts).map((index) => host(`e${index + 1}`, 'etcd', 31 + index)),
    ],
  }
}

// The MAC follows from the address, so that a host made anew is not looked for at its predecessor's for seconds.
function attachment(network: string, address: string, device: string): string {
  const bytes = [10, 88, ...address.split('.').map(Number)].map((byte) => byte.toString(16).padStart(2, '0'))
  return `${network}:ip=${address},mac=${bytes.join(':')},interface_name=${device}`
}

/** The network that nodes and pods talk over. */
export function nodeNetwork(name: string): string {
  return `kw-${name}-node`
}

/** The network of SSH and the default route in a lab with two. */
export function managementNetwork(name: string): string {
  return `kw-${name}-management`
}

/** The lab of this name as it was defined, if there is one; in this checkout unless another file is given. */
export async function readLab(name: string, file = labPaths(name).definition): Promise<LabDefinition | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as LabDefinition
  } catch {
    return undefined // absent, or cut off before anything was made
  }
}

/** Writes a lab's definition down. */
export async function writeLab(lab: LabDefinition): Promise<void> {
  const { definition } = labPaths(lab.name)
  await mkdir(dirname(definition), { recursive: true })
  await writeFile(`${definition}.new`, `${JSON.stringify(lab, null, 2)}\n`)
  await rename(`${definition}.new`, definition)
}

function count(length: number): readonly number[] {
  return Array.from({ length }, (_, index) => index)
}
