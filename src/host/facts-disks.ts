import type { Host } from '../inventory/cluster.ts'
import { lines, sh } from '../transport/command.ts'
import { linesOf, section, type Part } from './facts-sections.ts'
import type { Disk } from './facts.ts'

/** The directories that an installation fills. */
function diskPaths({ directories, roles }: Host): readonly string[] {
  const etcd = roles.some((role) => role !== 'worker') ? [directories.etcd] : []
  return [
    '/',
    '/etc',
    '/opt',
    '/usr/bin',
    '/usr/local',
    '/var/lib',
    '/var/lib/kubewright', // artifacts on their way, backups
    '/var/log',
    directories.containerd,
    directories.kubelet,
    ...etcd,
  ]
}

/** Room on the file systems that hold these directories, or will: a directory that is not there yet is judged by its nearest parent. */
export const disks: Part<readonly Disk[]> = {
  script: (host) =>
    lines(
      section(
        'parents',
        // `-w` is true for root but on a file system that is mounted read-only.
        sh`nearest() {
  near=
  IFS=/
  for part in $1; do
    if [ -n "$part" ]; then [ -e "$near/$part" ] || break; near=$near/$part; fi
  done
  unset IFS
  [ -n "$near" ] || near=/
}
parents=
for path in ${diskPaths(host)}; do
  nearest "$path"
  parents="$parents
$near"
  if [ -w "$near" ]; then writable=yes; else writable=no; fi
  printf '%s\t%s\t%s\n' "$path" "$near" "$writable"
done`,
      ),
      section(
        'disks',
        sh`IFS='
'
df -B1 --output=avail,size,iavail,itotal,file,source,target -- $parents
unset IFS`,
      ),
    ),
  parse(sections) {
    const sizes = new Map(linesOf(sections, 'disks').flatMap(sizeOf))
    return linesOf(sections, 'parents').flatMap((line) => {
      const [path = '', parent = '', writable = ''] = line.split('\t')
      const size = sizes.get(parent)
      return size === undefined ? [] : [{ path, ...size, writable: writable === 'yes' }]
    })
  },
}

type Size = Omit<Disk, 'path' | 'writable'>

function sizeOf(line: string): readonly (readonly [string, Size])[] {
  const match = /^ *(\d+) +(\d+) +(\d+|-) +(\d+|-) +(\/\S*) +(\S+) +(\/.*)$/.exec(line)
  if (match === null) return []
  const [, free, total, freeInodes, inodes, file = '', device = '', mount = ''] = match
  const counted = Number(inodes) > 0 ? Number(freeInodes) : undefined
  return [[file, { mount, device, free: Number(free), total: Number(total), freeInodes: counted }]]
}
