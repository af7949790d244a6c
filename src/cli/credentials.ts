import { readFile } from 'node:fs/promises'
import { KubewrightError } from '../engine/errors.ts'
import type { Cluster, Registry } from '../inventory/cluster.ts'
import { Secret } from '../transport/command.ts'

/** The passwords of registries by `registry:<host>`, from the files or the environment variables that the inventory names. */
export async function readCredentials(cluster: Cluster): Promise<ReadonlyMap<string, Secret>> {
  const registries = cluster.hosts.flatMap((host) => host.containerd.registries)
  const entries = await Promise.all(registries.map(readPassword))
  return new Map(entries.flat())
}

async function readPassword({ host, credentials }: Registry): Promise<[string, Secret][]> {
  if (credentials === undefined) return []
  const { passwordFile, passwordEnv } = credentials
  if (passwordFile !== undefined) {
    const text = await readFile(passwordFile, 'utf8').catch((cause: unknown) => {
      throw missing(host, `the password file ${passwordFile} cannot be read`, cause)
    })
    return [[`registry:${host}`, new Secret(text.trimEnd())]]
  }
  const value = passwordEnv === undefined ? undefined : process.env[passwordEnv]
  if (value === undefined || value === '') {
    throw missing(host, `the environment variable ${passwordEnv ?? ''} is not set`)
  }
  return [[`registry:${host}`, new Secret(value)]]
}

function missing(host: string, what: string, cause?: unknown): KubewrightError {
  return new KubewrightError({
    code: 'KW1102',
    exit: 'inventory',
    message: `Credentials of the registry ${host}: ${what}`,
    hint: 'Provide it on this machine; nothing was changed.',
    cause,
  })
}
