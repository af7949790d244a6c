import { sh, type Command } from '../transport/command.ts'
import { linesOf, section, type Part, type Sections } from './facts-sections.ts'
import type { KernelAbility, Survey } from './facts.ts'

/** Modules that an installation may need, with the options of the kernel's configuration that build them (any one is enough). */
const abilities: Readonly<Record<string, readonly string[]>> = {
  overlay: ['OVERLAY_FS'],
  br_netfilter: ['BRIDGE_NETFILTER'],
  nf_conntrack: ['NF_CONNTRACK'],
  nf_tables: ['NF_TABLES'],
  nft_compat: ['NFT_COMPAT'],
  ip_tables: ['IP_NF_IPTABLES_LEGACY', 'IP_NF_IPTABLES'],
  ip_set: ['IP_SET'],
  vxlan: ['VXLAN'],
  ipip: ['NET_IPIP'],
  wireguard: ['WIREGUARD'],
  ip_vs: ['IP_VS'],
  ip_vs_rr: ['IP_VS_RR'],
  ip_vs_wrr: ['IP_VS_WRR'],
  ip_vs_sh: ['IP_VS_SH'],
}

const names = Object.keys(abilities)
const modulePattern = `/(${names.join('|')})\\.ko`
const optionPattern = `^CONFIG_(${Object.values(abilities).flat().join('|')})=[ym]`

/**
 * What the kernel can do, without trying it. Loaded and built-in modules show below `/sys/module`, but built-in ones only if they
 * have parameters; so the lists of the modules' directory are asked, and where there is none (a container as a host, a kernel
 * without modules) the kernel's configuration. The files below /proc are the last witness of what runs already.
 */
export const kernel: Part<Survey['kernelAbilities']> = {
  script: () =>
    section(
      'kernel',
      sh`read -r release </proc/sys/kernel/osrelease
modules=/lib/modules/$release
for name in ${names}; do
  if [ -e "/sys/module/$name/initstate" ]; then printf 'loaded %s\n' "$name"
  elif [ -e "/sys/module/$name" ]; then printf 'builtin %s\n' "$name"
  fi
done
${witness('br_netfilter', '/proc/sys/net/bridge')}
${witness('nf_conntrack', '/proc/sys/net/netfilter/nf_conntrack_max')}
${witness('ip_tables', '/proc/net/ip_tables_names')}
${witness('ip_vs', '/proc/net/ip_vs')}
while read -r kind name; do [ "$kind $name" != 'nodev overlay' ] || printf 'builtin overlay\n'; done </proc/filesystems
if [ -r "$modules/modules.dep" ]; then
  printf 'listed\n'
  grep -oE ${modulePattern} "$modules/modules.builtin" | while IFS=/. read -r _ name _; do printf 'builtin %s\n' "$name"; done
  grep -oE ${modulePattern} "$modules/modules.dep" | while IFS=/. read -r _ name _; do printf 'loadable %s\n' "$name"; done
  grep -hoE '^ *install +[a-z_0-9]+ +/(usr/)?bin/(true|false)' /etc/modprobe.d/*.conf /usr/lib/modprobe.d/*.conf /lib/modprobe.d/*.conf |
    while read -r _ name _; do printf 'disabled %s\n' "$name"; done
elif [ -r /proc/config.gz ]; then
  printf 'configured\n'; zcat /proc/config.gz | grep -E ${optionPattern}
elif [ -r "/boot/config-$release" ]; then
  printf 'configured\n'; grep -E ${optionPattern} "/boot/config-$release"
fi`,
    ),
  parse(sections) {
    const known = factsOfKernel(sections)
    return Object.fromEntries(names.flatMap((name) => ability(name, known)))
  },
}

function witness(name: string, path: string): Command {
  return sh`if [ -e ${path} ]; then printf 'builtin %s\n' ${name}; fi`
}

interface KernelLines {
  readonly said: ReadonlySet<string>
  readonly options: ReadonlySet<string>
}

function factsOfKernel(sections: Sections): KernelLines {
  const said = linesOf(sections, 'kernel')
  const options = said.flatMap((line) => /^CONFIG_(\w+)=y/.exec(line)?.[1] ?? [])
  return { said: new Set(said), options: new Set(options) }
}

function ability(name: string, { said, options }: KernelLines): readonly (readonly [string, KernelAbility])[] {
  if (said.has(`loaded ${name}`)) return [[name, 'loaded']]
  if (said.has(`builtin ${name}`)) return [[name, 'builtin']]
  if (said.has(`loadable ${name}`)) return [[name, said.has(`disabled ${name}`) ? 'disabled' : 'loadable']]
  if (said.has('listed')) return [[name, 'missing']]
  // An empty answer is no answer: the configuration could not be read.
  if (!said.has('configured') || options.size === 0) return []
  // A module of the configuration (`=m`) that is not loaded cannot be: there is no directory to load it from.
  return [[name, (abilities[name] ?? []).some((option) => options.has(option)) ? 'builtin' : 'missing']]
}
