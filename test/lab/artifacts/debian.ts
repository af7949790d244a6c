import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { $ } from '../shell.ts'

/** Unpacks a Debian package without installing it and answers the directory of its files. */
export async function unpackedPackage(scratch: string, name: string): Promise<string> {
  const directory = join(scratch, 'debian', name)
  await mkdir(directory, { recursive: true })
  await $({ cwd: directory })`apt-get download ${name}`
  await $({ cwd: directory })`dpkg-deb -x ./${name}_*.deb root`
  return join(directory, 'root')
}
