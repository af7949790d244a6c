import { access, constants, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, resolve } from 'node:path'
import type { Finding, InventoryPath } from './problem.ts'
import type { InventorySpec, SharedSettings } from './schema.ts'

/** A file that the inventory names. */
export interface Reference {
  readonly path: InventoryPath
  /** As written in the inventory. */
  readonly file: string
  /** Files whose content is part of the cluster are read; keys and passwords only have to be there. */
  readonly use: 'content' | 'presence'
}

/** The content of the files that the inventory names, by their name as it is written there. */
export type ReferencedFiles = ReadonlyMap<string, string>

/** A path of the inventory as an absolute one: `~` is the home directory, anything else is relative to the inventory. */
export function resolveLocal(inventoryPath: string, path: string): string {
  const home = /^~(?=$|\/)/.test(path) ? homedir() + path.slice(1) : path
  return resolve(dirname(inventoryPath), home)
}

/** All files that an inventory names, but for the known hosts, which the first contact makes, and the bundle. */
export function referencesOf(spec: InventorySpec): Reference[] {
  const components = (['etcd', 'apiServer', 'controllerManager', 'scheduler'] as const).flatMap((name) =>
    spec[name].files.map(({ source }, index): Reference => ({
      path: ['spec', name, 'files', index, 'source'],
      file: source,
      use: 'content',
    })),
  )
  const { ssh, containerd } = spec
  return [
    ...components,
    ...etcdReferences(spec),
    ...settingReferences({ ssh, containerd }, ['spec']),
    ...Object.entries(spec.groups).flatMap(([name, group]) => settingReferences(group, ['spec', 'groups', name])),
    ...spec.hosts.flatMap((host, index) => settingReferences(host, ['spec', 'hosts', index])),
  ]
}

function etcdReferences({ etcd: { external } }: InventorySpec): Reference[] {
  if (external === undefined) return []
  const { caFile, certFile, keyFile } = external
  const at = ['spec', 'etcd', 'external']
  return [
    { path: [...at, 'caFile'], file: caFile, use: 'content' },
    { path: [...at, 'certFile'], file: certFile, use: 'content' },
    { path: [...at, 'keyFile'], file: keyFile, use: 'presence' },
  ]
}

function settingReferences(
  { ssh, containerd }: Pick<SharedSettings, 'ssh' | 'containerd'>,
  at: InventoryPath,
): Reference[] {
  const reference = (file: string | undefined, use: Reference['use'], ...path: InventoryPath): Reference[] =>
    file === undefined ? [] : [{ path: [...at, ...path], file, use }]
  const registries = (containerd?.registries ?? []).flatMap(({ mirrors, credentials }, index) => {
    const registry = ['containerd', 'registries', index]
    return [
      ...mirrors.flatMap(({ ca }, mirror) => reference(ca, 'content', ...registry, 'mirrors', mirror, 'ca')),
      ...reference(credentials?.passwordFile, 'presence', ...registry, 'credentials', 'passwordFile'),
    ]
  })
  return [
    ...reference(ssh?.identityFile, 'presence', 'ssh', 'identityFile'),
    ...reference(ssh?.bastion?.identityFile, 'presence', 'ssh', 'bastion', 'identityFile'),
    ...registries,
  ]
}

/** Reads the referenced files; each one that cannot be read is a finding. */
export async function readReferences(
  inventoryPath: string,
  references: readonly Reference[],
): Promise<{ files: ReferencedFiles; findings: Finding[] }> {
  const files = new Map<string, string>()
  const findings = await Promise.all(
    references.map(async ({ path, file, use }): Promise<Finding[]> => {
      const absolute = resolveLocal(inventoryPath, file)
      try {
        if (use === 'presence') await access(absolute, constants.R_OK)
        else
          files.set(file, new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(absolute)))
        return []
      } catch (error) {
        const message = `the file ${file} ${readFault(error)}`
        return [{ code: 'KW1040', path, message, hint: `correct the path, or put the file there: ${absolute}` }]
      }
    }),
  )
  return { files, findings: findings.flat() }
}

/** Why a file cannot be read, to complete "the file ...". */
export function readFault(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'does not exist'
    case 'EACCES':
    case 'EPERM':
      return 'cannot be read: permission denied'
    case 'EISDIR':
      return 'is a directory'
    case 'ERR_ENCODING_INVALID_ENCODED_DATA':
      return 'is not text in UTF-8'
    default:
      return `cannot be read: ${error instanceof Error ? error.message : String(error)}`
  }
}
