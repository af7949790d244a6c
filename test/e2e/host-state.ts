import type { LabHost } from '../lab/index.ts'
import { $ } from '../lab/shell.ts'
import { contents } from './file-system.ts'
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
}

/** Everything that an installation may have changed on a host; what packages bring is left out. */
export async function hostState(host: LabHost, packages: readonly string[] = []): Promise<HostState> {
  const [files, brought, unitLines, networkLines, mountLines, rules, values, running] = await Promise.all([
    contents(host, bookkeeping),
    broughtBy(host, packages),
    linesOf(host, units),
    linesOf(host, network),
    linesOf(host, mounts),
    netfilter(host),
    linesOf(host, kernel),
    linesOf(host, processes),
  ])
  return {
    files: files.filter((line) => !brought.has(pathIn(line))),
    units: unitLines.filter((line) => !brought.has(`/lib/systemd/system/${line.split(' ')[0] ?? ''}`)),
    network: networkLines,
    mounts: mountLines,
    netfilter: rules,
    kernel: values,
    processes: running,
  }
}

/** The names of the packages that a host has. */
export async function packagesOn(host: LabHost): Promise<readonly string[]> {
  return linesOf(host, `dpkg-query -W -f '\${Package}\\n'`)
}

/** What apt and dpkg keep about packages. */
const bookkeeping = ['/var/lib/dpkg', '/var/lib/apt', '/var/cache', '/etc/alternatives', '/etc/ld.so.cache']

const units = `systemctl list-unit-files --plain --no-legend | tr -s ' ' | cut -d ' ' -f 1,2 | sort
systemctl list-units --all --plain --no-legend --type service,socket,timer,mount,slice,path | tr -s ' ' | cut -d ' ' -f 1-4 | grep -v '^sys-\\|^system-' | sort`
const network = `ip -o link | sed 's/^[0-9]*: //; s/@if[0-9]*//' | cut -d ' ' -f 1-5 | sort
ip -o address | tr -s ' ' | cut -d ' ' -f 2-4 | sort
ip -4 route show table all | sort; ip -6 route show table all | sed 's/ expires [0-9]*sec//' | sort
ip rule; ip -6 rule`
const mounts = `sed -E 's/^([^ ]+ ){4}//; s/ (shared|master|propagate_from):[0-9]+//g; s/ - / /' /proc/self/mountinfo | sort`
// Of the kernel a host of the lab has only the network for itself.
const kernel = `cd /proc/sys && find net -type f -perm -400 | grep -vE '/(neigh|conf)/(eth|veth|cni|flannel|cali)|conntrack_count|stable_secret|flush|tcp_fastopen_key' | sort | while read -r path; do printf '%s %s\\n' "$path" "$(tr '\\n\\t' '  ' <"$path" 2>/dev/null)"; done`
const processes = `ps -eo comm= | grep -vE '^(ps|sh|sort|podman|sshd|sed|cut|tr|grep|find|xargs|sha256sum|systemctl|systemd.*|\\(sd-pam\\)|sudo|dpkg-query)$' | sort | uniq -c`

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

/** The paths that packages own, and where their alternatives lead from. */
async function broughtBy(host: LabHost, packages: readonly string[]): Promise<ReadonlySet<string>> {
  if (packages.length === 0) return new Set()
  const owned = await linesOf(host, `dpkg -L ${packages.join(' ')} | sort -u`)
  const links = await linesOf(host, `find /usr /etc -type l -lname '/etc/alternatives/*'`)
  // Debian's root has links from the old directories into /usr.
  const real = owned.map((path) => path.replace(/^\/(bin|sbin|lib)\//, '/usr/$1/'))
  return new Set([...owned, ...real, ...links])
}

/** The path in a line of {@link contents}: first in most, last after a hash. */
function pathIn(line: string): string {
  return /^[0-9a-f]{64} {2}(.*)$/.exec(line)?.[1] ?? line.split(' ')[0] ?? ''
}
