import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from '../shell.ts'
import type { HostDefinition, LabDefinition } from './definition.ts'
import { labPaths } from './paths.ts'

const patience = 180_000

/** Waits until hosts let `admin` in and `admin` become root. */
export async function waitForSsh(lab: LabDefinition, hosts: readonly HostDefinition[]): Promise<void> {
  await Promise.all(hosts.map((host) => waitForHost(lab, host)))
}

async function waitForHost(lab: LabDefinition, host: HostDefinition): Promise<void> {
  const { identity, knownHosts } = labPaths(lab.name)
  const deadline = Date.now() + patience
  const options = ['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=2', '-o', `UserKnownHostsFile=${knownHosts}`]
  for (;;) {
    const answer = await ask`ssh -F none ${options} -i ${identity} ${`admin@${host.address}`} sudo -n true`
    if (answer.exitCode === 0) return
    if (Date.now() > deadline) {
      throw new Error(
        `${host.name} (${host.address}) does not let admin in: ${answer.stderr.trim()} See "podman exec ${host.container} journalctl".`,
      )
    }
    await sleep(100)
  }
}
