import { readFile } from 'node:fs/promises'
import { KubewrightError } from '../engine/errors.ts'
import type { Cluster, Registry } from '../inventory/cluster.ts'
import { etcdClientKey } from '../kubernetes/external-etcd.ts'
import { Secret } from '../transport/command.ts'
import { readEtcdKey } from './external-etcd.ts'

/**
 * The passwords of registries by `registry:<host>`, from the files or the environment variables that the inventory names, and the
 * key for an external etcd.
 */
export async function readCredentials(cluster: Cluster): Promise<ReadonlyMap<string, Secret>> {
  const registries = cluster.hosts.flatMap((host) => host.containerd.registries)
  const { external } = cluster.etcd
  const [entries, key] = await Promise.all([
    Promise.all(registries.map(readPassword)),
    external === undefined ? undefined : readEtcdKey(external),
  ])
  return new Map([...entries.flat(), ...(key === undefined ? [] : [[etcdClientKey, key] as const])])
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
