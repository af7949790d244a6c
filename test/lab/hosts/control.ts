import { $, ask, type Output } from '../shell.ts'
import { readLab, type HostDefinition, type LabDefinition } from './definition.ts'
import type { LabHost } from './lab.ts'
import { freeAddresses, removeContainers, removeDisks } from './podman.ts'
import { startMissingHosts } from './repair.ts'
import { waitForSsh } from './ssh.ts'
import { setMachineId } from './vagrant.ts'

/** Makes hosts anew and bare, with the addresses and host keys they had: all of a lab's, or the named ones. */
export async function snapshotReset(name: string, hosts?: readonly string[]): Promise<void> {
  const lab = await knownLab(name)
  const chosen = lab.hosts.filter((host) => hosts === undefined || hosts.includes(host.name))
  const remade = await Promise.all(chosen.map((host) => recreate(lab, host)))
  if (remade.includes(false)) await startMissingHosts(lab)
  await waitForSsh(lab, chosen)
}

// Straight by podman, with the very command that Vagrant's provider gave it: Vagrant alone takes seconds to start.
async function recreate(lab: LabDefinition, host: HostDefinition): Promise<boolean> {
  const inspected = await ask`podman inspect --format ${'{{json .Config.CreateCommand}}'} ${host.container}`
  if (inspected.exitCode !== 0) return false
  const command = JSON.parse(inspected.stdout) as readonly string[]
  await removeContainers([host.container])
  await removeDisks([host])
  await freeAddresses(lab, [host])
  const { stdout } = await $`${command}`
  await setMachineId(lab.name, host.name, stdout.trim())
  return true
}

/** Cuts a host's power: nothing in it gets to say goodbye. */
export async function powerOff(host: LabHost): Promise<void> {
  await $`podman kill --signal KILL ${host.container}`
  await $`podman wait ${host.container}`
}

/** Gives a host its power back and waits until it lets `admin` in. */
export async function powerOn(labName: string, host: LabHost): Promise<void> {
  const lab = await knownLab(labName)
  await $`podman start ${host.container}`
  await waitForSsh(
    lab,
    lab.hosts.filter(({ name }) => name === host.name),
  )
}

/** Looks into a host from outside, past SSH: runs a shell command as root. */
export async function hostExec(host: LabHost, command: string): Promise<Output> {
  const { exitCode, stdout, stderr } = await ask`podman exec ${host.container} /bin/sh -c ${command}`
  return { exitCode, stdout, stderr }
}

async function knownLab(name: string): Promise<LabDefinition> {
  const lab = await readLab(name)
  if (lab === undefined)
    throw new Error(`There is no lab ${name}: bring it up with "npm run lab -- up --name ${name}".`)
  return lab
}
