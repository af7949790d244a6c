import type { Finding } from '../../engine/resource.ts'
import type { Disk } from '../../host/facts.ts'
import { binarySize } from '../../host/size.ts'
import { kubeletConfiguration } from '../../kubernetes/kubelet.ts'
import type { Context } from '../context.ts'
import { enumerate, error, warning, type Check } from './check.ts'
import { ownership } from './ownership.ts'

const mebibyte = 2 ** 20

/** Free space that an installation fills, by what is below the mount point: images, then programs and data. */
const needed = { images: 2048 * mebibyte, other: 512 * mebibyte }

/** On a host that is installed already, less is enough: configuration, journal, backups. */
const neededLater = 100 * mebibyte
const fewInodes = 10_000

/** Room for binaries, images and data on every file system that gets some; each file system is told once. */
export const diskSpace: Check = (context) => {
  return byDevice(context.facts.survey.disks).flatMap((disks) => {
    const [{ mount, free, total, freeInodes }] = disks
    const minimum = minimumFor(disks, context)
    const holds = `it holds ${enumerate(disks.map(({ path }) => path))}`
    const findings: Finding[] = []
    if (free < minimum) {
      const message = `the file system ${mount} has ${binarySize(free)} free of ${binarySize(total)}; ${holds} and needs ${binarySize(minimum)}`
      findings.push(
        error(
          'DiskSpace',
          message,
          'Free some space, enlarge the file system, or set other directories in the inventory.',
        ),
      )
    }
    if (freeInodes !== undefined && freeInodes < fewInodes) {
      const message = `the file system ${mount} has ${freeInodes} inodes left; ${holds} and needs ${fewInodes}`
      findings.push(
        error(
          'DiskSpace',
          message,
          'Remove what has created so many files, or make the file system anew with more inodes.',
        ),
      )
    }
    return findings
  })
}

type Disks = readonly [Disk, ...Disk[]]

/** Free space of one device may change between two readings, its size does not. */
function byDevice(disks: readonly Disk[]): readonly Disks[] {
  const devices = new Map<string, Disks>()
  for (const disk of disks) {
    const key = `${disk.device} ${disk.total}`
    const [first, ...others] = devices.get(key) ?? []
    devices.set(key, first === undefined ? [disk] : [first, ...others, disk])
  }
  return [...devices.values()]
}

function minimumFor(disks: Disks, context: Context): number {
  if (ownership(context) === 'ours') return neededLater
  const { containerd } = context.host.directories
  return disks.some(({ path }) => path === containerd) ? needed.images : needed.other
}

/** Directories that are written to are not on read-only file systems. */
export const readOnlyDisks: Check = ({ facts }) => {
  const paths = facts.survey.disks.filter(({ writable }) => !writable).map(({ path }) => path)
  if (paths.length === 0) return []
  return [
    error(
      'ReadOnlyFileSystem',
      `${enumerate(paths)} cannot be written to: the file system is mounted read-only`,
      'Mount it read-write; a file system that became read-only by itself has had an error (see dmesg).',
    ),
  ]
}

/** With less free space than the kubelet's thresholds, the node would evict pods from its first minute. */
export const diskPressure: Check = (context) => {
  const { cluster, host, facts } = context
  const hard = kubeletConfiguration(cluster, host, facts)['evictionHard']
  const thresholds = typeof hard === 'object' && hard !== null ? (hard as Readonly<Record<string, unknown>>) : {}
  const signals = [
    { signal: 'nodefs.available', path: host.directories.kubelet },
    { signal: 'imagefs.available', path: host.directories.containerd },
  ]
  // A disk that is too small anyway has a finding already.
  const roomy = byDevice(facts.survey.disks).flatMap((disks) =>
    disks[0].free < minimumFor(disks, context) ? [] : disks,
  )
  return signals.flatMap(({ signal, path }) => {
    const disk = roomy.find((one) => one.path === path)
    const least = disk === undefined ? undefined : bytesOf(thresholds[signal], disk.total)
    if (disk === undefined || least === undefined || disk.free >= least) return []
    const percent = Math.floor((disk.free / disk.total) * 100)
    const message = `${path} has ${binarySize(disk.free)} (${percent} %) free, the kubelet's threshold ${signal} is ${binarySize(least)}: pods would be evicted`
    const hint = 'Free some space, or set kubelet.config.evictionHard in the inventory.'
    // A cluster that is there already shall stay repairable.
    return [(ownership(context) === 'ours' ? warning : error)('DiskPressure', message, hint)]
  })
}

const units: Readonly<Record<string, number>> = {
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
}

/** `10%`, `500Mi`, `1Gi`; undefined for what is neither. */
function bytesOf(threshold: unknown, total: number): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(%|[KMGT]i|[kMGT])?$/.exec(String(threshold))
  if (match === null) return undefined
  const value = Number(match[1])
  return match[2] === '%' ? (value / 100) * total : value * (units[match[2] ?? ''] ?? 1)
}
