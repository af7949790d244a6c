import { lines, sh } from '../transport/command.ts'
import { filesOf, filesSection, linesOf, section, type Part, type Sections } from './facts-sections.ts'
import type { Facts, OperatingSystem } from './facts.ts'

type SystemFacts = Pick<
  Facts,
  | 'hostname'
  | 'machineId'
  | 'productUuid'
  | 'os'
  | 'architecture'
  | 'kernel'
  | 'cpus'
  | 'memoryBytes'
  | 'cgroupVersion'
  | 'cgroupControllers'
> & {
  readonly swaps: readonly string[]
  /** Content of `/sys/fs/selinux/enforce`: `0`, `1`; undefined where the kernel has no SELinux. */
  readonly selinuxEnforce: string | undefined
  /** Nameservers of the two files that a kubelet may be given; undefined where there is no such file. */
  readonly nameservers: Readonly<Record<ResolvConf, readonly string[] | undefined>>
  readonly rootShared: boolean | undefined
}

type ResolvConf = 'resolved' | 'plain'

const paths = {
  os: '/etc/os-release',
  vendorOs: '/usr/lib/os-release',
  machineId: '/etc/machine-id',
  productUuid: '/sys/class/dmi/id/product_uuid',
  hostname: '/proc/sys/kernel/hostname',
  kernel: '/proc/sys/kernel/osrelease',
  memory: '/proc/meminfo',
  cpus: '/sys/devices/system/cpu/online',
  cgroups: '/proc/cgroups',
  controllers: '/sys/fs/cgroup/cgroup.controllers',
  swaps: '/proc/swaps',
  enforce: '/sys/fs/selinux/enforce',
  plain: '/etc/resolv.conf',
  resolved: '/run/systemd/resolve/resolv.conf',
} as const

/** Operating system, machine and kernel, mostly from files of /proc and /sys. */
export const system: Part<SystemFacts> = {
  script: () =>
    lines(
      filesSection('system', Object.values(paths)),
      section('machine', sh`uname -m`),
      section(
        'root',
        sh`while read -r _ _ _ _ point _ tag _; do
  if [ "$point" = / ]; then printf '%s\n' "$tag"; break; fi
done </proc/self/mountinfo`,
      ),
    ),
  parse(sections) {
    const files = filesOf(sections, 'system')
    const read = (name: keyof typeof paths): string => files.get(paths[name]) ?? ''
    return {
      hostname: read('hostname'),
      machineId: read('machineId'),
      productUuid: read('productUuid') === '' ? undefined : read('productUuid').toLowerCase(),
      os: operatingSystem(read('os') === '' ? read('vendorOs') : read('os')),
      architecture: architecture(linesOf(sections, 'machine')[0] ?? ''),
      kernel: read('kernel'),
      cpus: countOf(read('cpus')),
      memoryBytes: Number(/^MemTotal: +(\d+) kB/m.exec(read('memory'))?.[1] ?? 0) * 1024,
      ...cgroups(files.get(paths.controllers), read('cgroups')),
      swaps: read('swaps')
        .split('\n')
        .slice(1)
        .flatMap((line) => line.split(/\s/)[0] || []),
      selinuxEnforce: files.get(paths.enforce),
      nameservers: { plain: nameservers(files.get(paths.plain)), resolved: nameservers(files.get(paths.resolved)) },
      rootShared: rootShared(sections),
    }
  },
}

const goArchitectures: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64', arm64: 'arm64' }

function architecture(machine: string): string {
  return goArchitectures[machine] ?? machine
}

/** Values of os-release may be quoted as in the shell. */
function operatingSystem(release: string): OperatingSystem {
  const value = (key: string): string => {
    const raw = new RegExp(`^${key}=(.*)$`, 'm').exec(release)?.[1]?.trim() ?? ''
    return raw.replace(/^(["'])(.*)\1$/, '$2')
  }
  return {
    id: value('ID'),
    versionId: value('VERSION_ID'),
    like: value('ID_LIKE')
      .split(' ')
      .filter((word) => word !== ''),
    name: value('PRETTY_NAME'),
  }
}

/** `0-3,8` is five. */
function countOf(ranges: string): number {
  const sizes = ranges.split(',').map((range) => {
    const [first, last = first] = range.split('-')
    return range === '' ? 0 : Number(last) - Number(first) + 1
  })
  return sizes.reduce((sum, size) => sum + (Number.isFinite(size) ? size : 0), 0)
}

/** Version 2 has its list of controllers at the root of the hierarchy; in a mixed layout the controllers are still those of version 1. */
function cgroups(controllers: string | undefined, table: string): Pick<Facts, 'cgroupVersion' | 'cgroupControllers'> {
  if (controllers !== undefined) {
    return { cgroupVersion: 2, cgroupControllers: controllers.split(' ').filter((name) => name !== '') }
  }
  const rows = table.split('\n').map((line) => line.split('\t'))
  const enabled = rows.filter(([name, , , on]) => name?.startsWith('#') === false && on === '1')
  return { cgroupVersion: 1, cgroupControllers: enabled.map(([name = '']) => name) }
}

function nameservers(resolvConf: string | undefined): readonly string[] | undefined {
  if (resolvConf === undefined) return undefined
  return resolvConf.split('\n').flatMap((line) => /^nameserver\s+(\S+)/.exec(line)?.[1] ?? [])
}

/** The optional field of `/proc/self/mountinfo`: `shared:1`, `master:1`, or `-` for none. */
function rootShared(sections: Sections): boolean | undefined {
  const [tag] = linesOf(sections, 'root')
  return tag?.startsWith('shared:')
}
