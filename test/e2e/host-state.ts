import type { LabHost } from '../lab/index.ts'
import { $ } from '../lab/shell.ts'
import { contents, differences } from './file-system.ts'
import { inHost } from './support.ts'

/** What a host is like besides its data: one list of lines for each aspect. */
export interface HostState {
  readonly files: readonly string[]
  readonly units: readonly string[]
  readonly network: readonly string[]
  readonly mounts: readonly string[]
  readonly netfilter: readonly string[]
  readonly kernel: readonly string[]
  readonly processes: readonly string[]
  readonly packages: readonly string[]
}

/** Everything that an installation may have changed on a host. */
export async function hostState(host: LabHost): Promise<HostState> {
  const [files, unitLines, networkLines, mountLines, rules, values, running, packages] = await Promise.all([
    contents(host, bookkeeping),
    linesOf(host, units),
    linesOf(host, network),
    linesOf(host, mounts),
    netfilter(host),
    linesOf(host, kernel),
    linesOf(host, processes),
    linesOf(host, `dpkg-query -W -f '\${Package}\\n'`),
  ])
  return {
    files,
    units: unitLines,
    network: networkLines,
    mounts: mountLines,
    netfilter: rules,
    kernel: values,
    processes: running,
    packages,
  }
}

/** What is different on a host by now, by aspect; not counting packages that came and what they brought: those stay by design. */
export async function changesSince(
  { packages, ...before }: HostState,
  host: LabHost,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const { packages: now, ...after } = await hostState(host)
  const brought = await broughtBy(
    host,
    now.filter((name) => !packages.includes(name)),
  )
  const aspects = Object.keys(after) as (keyof typeof after)[]
  const changed = aspects.map((aspect) => {
    const lines = differences(before[aspect], after[aspect])
    return [aspect, lines.filter((line) => !(line.startsWith('+') && brought.has(pathIn(line))))] as const
  })
  return Object.fromEntries(changed.filter(([, lines]) => lines.length > 0))
}

/** What apt and dpkg keep about packages. */
const bookkeeping = ['/var/lib/dpkg', '/var/lib/apt', '/var/cache', '/etc/alternatives', '/etc/ld.so.cache']

/** What packages make without owning it: netbase writes it when it is installed, and iptables needs netbase. */
const madeByPackages = ['/etc/networks']

const units = `systemctl list-unit-files --plain --no-legend | tr -s ' ' | cut -d ' ' -f 1,2 | sort
systemctl list-units --all --plain --no-legend --type service,socket,timer,mount,slice,path | tr -s ' ' | cut -d ' ' -f 1-4 | grep -v '^sys-\\|^system-' | sort`
const network = `ip -o link | sed 's/^[0-9]*: //; s/@if[0-9]*//' | cut -d ' ' -f 1-5 | sort
ip -o address | tr -s ' ' | cut -d ' ' -f 2-4 | sort
ip -4 route show table all | sort; ip -6 route show table all | sed 's/ expires [0-9]*sec//' | sort
ip rule; ip -6 rule`
// What podman and the kernel choose anew at each start of a container does not count.
const mounts = `sed -E 's/^([^ ]+ ){4}//; s/ (shared|master|propagate_from):[0-9]+//g; s/ - / /; s/,(uuid=on|pipe_ino=[0-9]+)//g' /proc/self/mountinfo | sort`
// Of the kernel a host of the lab has only the network for itself.
const kernel = `cd /proc/sys && find net -type f -perm -400 | grep -vE '/(neigh|conf)/(eth|veth|cni|flannel|cali)|conntrack_count|stable_secret|flush|tcp_fastopen_key' | sort | while read -r path; do printf '%s %s\\n' "$path" "$(tr '\\n\\t' '  ' <"$path" 2>/dev/null)"; done`
const processes = `ps -eo comm= | grep -vE '^(ps|sh|sort|uniq|podman|sshd|sed|cut|tr|grep|find|xargs|sha256sum|runc:\\[2:INIT\\]|systemctl|systemd.*|\\(sd-pam\\)|sudo|dpkg-query)$' | sort | uniq -c`

async function linesOf(host: LabHost, script: string): Promise<readonly string[]> {
  return (await inHost(host, script)).split('\n').filter((line) => line !== '')
}

/** The rules of all programs, by this machine's own: a bare host has none of them. */
async function netfilter(host: LabHost): Promise<readonly string[]> {
  const process = (await $`podman inspect --format ${'{{.State.Pid}}'} ${host.container}`).stdout.trim()
  const rules = `for save in iptables-nft-save ip6tables-nft-save iptables-legacy-save ip6tables-legacy-save; do
$save 2>/dev/null | grep -E '^-A|^:[^ ]+ -' | sed "s/^/$save /; s/ \\[.*//"
done
nft list tables | grep -vE ' (filter|nat|mangle|raw|security)$'; ipset list -name`
  const { stdout } = await $`nsenter --target ${process} --net sh -c ${rules}`
  return stdout.split('\n').filter((line) => line !== '')
}

/** The paths that packages own, their alternatives, and the units among them. */
async function broughtBy(host: LabHost, packages: readonly string[]): Promise<ReadonlySet<string>> {
  if (packages.length === 0) return new Set()
  const owned = await linesOf(host, `dpkg -L ${packages.join(' ')} | sort -u`)
  const links = await linesOf(host, `find /usr /etc -type l -lname '/etc/alternatives/*'`)
  // Debian's root has links from the old directories into /usr.
  const real = owned.map((path) => path.replace(/^\/(bin|sbin|lib)\//, '/usr/$1/'))
  const unitNames = real.flatMap((path) => /\/systemd\/system\/([^/]+)$/.exec(path)?.[1] ?? [])
  return new Set([...owned, ...real, ...links, ...unitNames, ...madeByPackages])
}

/** What a line of a difference is about: the path or unit comes first in most, last after a hash. */
function pathIn(line: string): string {
  return /^. [0-9a-f]{64} {2}(.*)$/.exec(line)?.[1] ?? line.split(' ')[1] ?? ''
}
