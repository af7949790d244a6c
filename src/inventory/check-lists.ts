import type { Finding, InventoryPath } from './problem.ts'
import type { InventorySpec, SharedSettings } from './schema.ts'
import { settingDefaults, settingsOf } from './settings.ts'

/** What is listed twice, and directories that lie in one another. */
export function checkLists(spec: InventorySpec): Finding[] {
  const { containerd } = spec
  return [
    ...checkComponents(spec),
    ...twice(spec.etcd.external?.endpoints ?? [], ['spec', 'etcd', 'external', 'endpoints'], (endpoint) => endpoint),
    ...checkSettings({ containerd }, ['spec']),
    ...Object.entries(spec.groups).flatMap(([name, group]) => checkSettings(group, ['spec', 'groups', name])),
    ...spec.hosts.flatMap((host, index) => [
      ...checkSettings(host, ['spec', 'hosts', index]),
      ...twice(host.roles, ['spec', 'hosts', index, 'roles'], (role) => role),
    ]),
    ...checkDirectories(spec),
  ]
}

/** The items of a list whose key an earlier item has. */
function twice<Item>(items: readonly Item[], path: InventoryPath, keyOf: (item: Item) => string): Finding[] {
  const seen = new Set<string>()
  return items.flatMap((item, index): Finding[] => {
    const key = keyOf(item)
    if (!seen.has(key)) {
      seen.add(key)
      return []
    }
    return [
      { code: 'KW1018', path: [...path, index], message: `${key} is listed twice`, hint: 'remove one of the two' },
    ]
  })
}

const components = ['etcd', 'apiServer', 'controllerManager', 'scheduler'] as const

function checkComponents(spec: InventorySpec): Finding[] {
  const volumes = components.flatMap((name) => {
    const path = ['spec', name, 'extraVolumes']
    const names = twice(spec[name].extraVolumes, path, (volume) => `the volume ${volume.name}`)
    return names.length > 0
      ? names
      : twice(spec[name].extraVolumes, path, (volume) => `the mount path ${volume.mountPath}`)
  })
  // Components share the directory, so one path in two components is one file, and must come from one source.
  const sources = new Map<string, string>()
  const files = components.flatMap((name) =>
    spec[name].files.flatMap(({ path, source }, index): Finding[] => {
      const other = sources.get(path) ?? source
      sources.set(path, other)
      if (other === source) return []
      const message = `${path} is already made from ${other}`
      return [
        {
          code: 'KW1018',
          path: ['spec', name, 'files', index, 'path'],
          message,
          hint: 'give each file a path of its own',
        },
      ]
    }),
  )
  const sameFile = components.flatMap((name) =>
    twice(spec[name].files, ['spec', name, 'files'], ({ path, source }) => `${source} at ${path}`),
  )
  return [...volumes, ...files, ...sameFile]
}

function checkSettings(
  { containerd, taints }: Pick<SharedSettings, 'containerd' | 'taints'>,
  at: InventoryPath,
): Finding[] {
  return [
    ...twice(containerd?.registries ?? [], [...at, 'containerd', 'registries'], ({ host }) => `the registry ${host}`),
    ...twice(containerd?.runtimes ?? [], [...at, 'containerd', 'runtimes'], ({ name }) => `the runtime ${name}`),
    ...twice(taints ?? [], [...at, 'taints'], ({ key, effect }) => `the taint ${key}:${effect}`),
  ]
}

function checkDirectories(spec: InventorySpec): Finding[] {
  const findings = spec.hosts.flatMap((host, index): Finding[] => {
    const directories = Object.entries({ ...settingDefaults.directories, ...settingsOf(spec, host).directories })
    const collision = directories
      .flatMap((one) => directories.map((other) => [one, other] as const))
      .find(([one, other]) => one[0] !== other[0] && `${other[1]}/`.startsWith(`${one[1]}/`))
    if (!collision) return []
    const [[outer, outerPath], [inner, innerPath]] = collision
    const message = `the directory of ${inner}, ${innerPath}, lies in that of ${outer}, ${outerPath}`
    const path = host.directories ? ['spec', 'hosts', index, 'directories'] : ['spec', 'directories']
    return [{ code: 'KW1044', path, message, hint: 'give each a directory of its own' }]
  })
  return findings.filter((finding, index) => findings.findIndex((other) => samePlace(other, finding)) === index)
}

function samePlace(one: Finding, other: Finding): boolean {
  return one.message === other.message && one.path.join('\0') === other.path.join('\0')
}
