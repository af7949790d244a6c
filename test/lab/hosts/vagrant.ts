import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { repositoryRoot } from '../repository.ts'
import { $ } from '../shell.ts'
import type { HostDefinition, LabDefinition } from './definition.ts'
import { labPaths } from './paths.ts'

/** Starts through Vagrant the hosts that do not exist yet. */
export async function vagrantUp(lab: LabDefinition): Promise<void> {
  const { definition, vagrant } = labPaths(lab.name)
  await mkdir(vagrant, { recursive: true })
  await $({
    cwd: repositoryRoot,
    env: {
      ...process.env,
      PATH: `/usr/bin:${process.env['PATH'] ?? ''}`, // podman's docker comes before any other
      KUBEWRIGHT_LAB: definition,
      VAGRANT_DOTFILE_PATH: vagrant,
      VAGRANT_CHECKPOINT_DISABLE: '1',
    },
  })`vagrant up --provider docker`
}

/** The container that Vagrant takes for this host. */
export async function machineId(lab: string, host: string): Promise<string | undefined> {
  return readFile(join(machineDirectory(lab, host), 'id'), 'utf8').catch(() => undefined)
}

/** Tells Vagrant that a host's container was made anew. */
export async function setMachineId(lab: string, host: string, id: string): Promise<void> {
  if (existsSync(machineDirectory(lab, host))) await writeFile(join(machineDirectory(lab, host), 'id'), id)
}

/** Makes Vagrant forget hosts, and the ports that it holds for a minute for a run that was cut off. */
export async function forgetMachines(lab: LabDefinition, hosts: readonly HostDefinition[]): Promise<void> {
  const leases = join(process.env['VAGRANT_HOME'] ?? join(homedir(), '.vagrant.d'), 'data/fp-leases')
  for (const host of hosts) {
    await rm(join(labPaths(lab.name).vagrant, 'machines', host.name), { recursive: true, force: true })
    await rm(join(leases, `127_0_0_1_${host.sshPort}`), { force: true })
  }
}

function machineDirectory(lab: string, host: string): string {
  return join(labPaths(lab).vagrant, 'machines', host, 'docker')
}
