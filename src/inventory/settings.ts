import type { ContainerdOptions, Directories, ExtraArg } from './cluster.ts'
import type { InventoryHost, InventorySpec, SharedSettings } from './schema.ts'

/** Settings that spec, groups and hosts share, where nobody names them. */
export const settingDefaults = {
  directories: {
    etcd: '/var/lib/etcd',
    containerd: '/var/lib/containerd',
    kubelet: '/var/lib/kubelet',
  } satisfies Directories,
  containerd: {
    criSocket: '/run/containerd/containerd.sock',
    restrictOomScoreAdj: false,
    limitNOFILE: 'infinity',
    limitMEMLOCK: 'infinity',
    registries: [],
    runtimes: [],
  } satisfies ContainerdOptions,
  selinux: 'leave',
  firewall: 'manage',
} as const

/** A host's settings: those of the spec, then of its groups in their order, then its own. */
export function settingsOf(spec: InventorySpec, host: InventoryHost): SharedSettings {
  const groups = host.groups.flatMap((name) => (Object.hasOwn(spec.groups, name) ? [spec.groups[name]!] : []))
  const { ssh, directories, containerd, kubelet, selinux, firewall } = spec
  return [...groups, host].reduce<SharedSettings>(mergeSettings, {
    ssh,
    directories,
    containerd,
    kubelet,
    selinux,
    firewall,
  })
}

function mergeSettings(under: SharedSettings, over: SharedSettings): SharedSettings {
  return {
    ...under,
    ...defined({ interface: over.interface, taints: over.taints, selinux: over.selinux, firewall: over.firewall }),
    ssh: merged(under.ssh, over.ssh),
    labels: merged(under.labels, over.labels),
    directories: merged(under.directories, over.directories),
    containerd: {
      ...under.containerd,
      ...defined(over.containerd),
      registries: replaceNamed(
        under.containerd?.registries ?? [],
        over.containerd?.registries ?? [],
        ({ host }) => host,
      ),
      runtimes: replaceNamed(under.containerd?.runtimes ?? [], over.containerd?.runtimes ?? [], ({ name }) => name),
    },
    kubelet: {
      config: merged(under.kubelet?.config, over.kubelet?.config),
      extraArgs: replaceNamed(
        namedList(under.kubelet?.extraArgs),
        namedList(over.kubelet?.extraArgs),
        ({ name }) => name,
      ),
      patches: [...(under.kubelet?.patches ?? []), ...(over.kubelet?.patches ?? [])],
    },
  }
}

/** The list behind a list of names and values or a map, in the order of the file. */
export function namedList(values: readonly ExtraArg[] | Readonly<Record<string, string>> = []): readonly ExtraArg[] {
  return isList(values) ? values : Object.entries(values).map(([name, value]) => ({ name, value }))
}

function isList(values: readonly ExtraArg[] | Readonly<Record<string, string>>): values is readonly ExtraArg[] {
  return Array.isArray(values)
}

function replaceNamed<Item>(under: readonly Item[], over: readonly Item[], nameOf: (item: Item) => string): Item[] {
  const replaced = new Set(over.map(nameOf))
  return [...under.filter((item) => !replaced.has(nameOf(item))), ...over]
}

function merged<Value extends object>(under: Value | undefined, over: Value | undefined): Value | undefined {
  return under && over ? (deepMerge(under, over) as Value) : (over ?? under)
}

/** Merges maps key by key; everything else, lists and null too, is replaced. */
export function deepMerge(under: object, over: object): object {
  const result: Record<string, unknown> = { ...under }
  for (const [key, value] of Object.entries(defined(over))) {
    const before = result[key]
    result[key] = isMap(before) && isMap(value) ? deepMerge(before, value) : value
  }
  return result
}

/** The values that are set. */
export function defined<Value extends object>(values: Value | undefined): Defined<Value> {
  return Object.fromEntries(Object.entries(values ?? {}).filter(([, value]) => value !== undefined)) as Defined<Value>
}

type Defined<Value> = { [Key in keyof Value]?: Exclude<Value[Key], undefined> }

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
