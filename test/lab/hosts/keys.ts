import { existsSync } from 'node:fs'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { $ } from '../shell.ts'
import type { LabDefinition } from './definition.ts'
import { labPaths } from './paths.ts'

/**
 * Makes the lab's SSH key and each host's own host key, and writes known_hosts: the lab makes the host keys itself, so
 * they are known before the first connection, and stay the same when bare hosts are made anew.
 */
export async function makeKeys(lab: LabDefinition): Promise<void> {
  const paths = labPaths(lab.name)
  await mkdir(paths.directory, { recursive: true })
  await makeKey(paths.identity, `kubewright-lab-${lab.name}`)
  const lines = await Promise.all(
    lab.hosts.map(async (host) => {
      const directory = join(paths.keys, host.name)
      await mkdir(directory, { recursive: true })
      await makeKey(join(directory, 'ssh_host_ed25519_key'), host.name)
      await copyFile(`${paths.identity}.pub`, join(directory, 'authorized_keys'))
      const [type, key] = (await readFile(join(directory, 'ssh_host_ed25519_key.pub'), 'utf8')).split(' ')
      return `${host.address} ${type} ${key}\n`
    }),
  )
  await writeFile(paths.knownHosts, lines.join(''))
}

async function makeKey(file: string, comment: string): Promise<void> {
  if (existsSync(`${file}.pub`)) return
  // ssh-keygen writes the private half first; a lone one is a cut-off run's, and it would ask before overwriting.
  await $`rm -f ${file}`
  await $`ssh-keygen -q -t ed25519 -N ${''} -C ${comment} -f ${file}`
}
