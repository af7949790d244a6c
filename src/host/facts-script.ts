import type { Cluster, Host } from '../inventory/cluster.ts'
import { lines, sh, type Command } from '../transport/command.ts'
import { disks } from './facts-disks.ts'
import { existing, state } from './facts-files.ts'
import { kubelet } from './facts-kubelet.ts'
import { kernel } from './facts-kernel.ts'
import { network, nodeAddress } from './facts-network.ts'
import { linesOf, section, sectionsOf, type Sections } from './facts-sections.ts'
import { services } from './facts-services.ts'
import { system } from './facts-system.ts'
import type { Facts } from './facts.ts'

const parts = [system, state, existing, network, disks, kernel, services, kubelet]

/** Reads everything about a host in one execution of `/bin/sh`. It writes nothing, and prints what it can whatever is missing. */
export function factsScript(host: Host, cluster: Cluster): Command {
  const body = lines(
    sh`set +eu
LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH`,
    section('started', sh`date +%s.%N`),
    section(
      'family',
      cluster.networking.podSubnets[0]?.includes(':') === true ? sh`printf 'ipv6\n'` : sh`printf 'ipv4\n'`,
    ),
    ...parts.map((part) => part.script(host)),
    section('ended', sh`date +%s.%N`),
    sh`:`,
  )
  // stdin may hold the payload of the execution, and what is missing on the host says so on stderr.
  return sh`( ${body}
) </dev/null 2>/dev/null`
}

/** When the script was sent and its output was complete, by the control machine's clock: milliseconds since the epoch. */
export interface Timing {
  readonly sentAt: number
  readonly receivedAt: number
}

/** The facts in the output of {@link factsScript}; what it does not say has the value of nothing (no swap, no port, no file). */
export function parseFacts(output: string, host: Host, timing: Timing): Facts {
  const sections = sectionsOf(output)
  const { swaps, selinuxEnforce, nameservers, rootShared, ...machine } = system.parse(sections, host)
  const { packageManager, caDirectories, selinuxConfigured, ...files } = existing.parse(sections, host)
  const net = network.parse(sections, host)
  const { units, programs } = services.parse(sections, host)
  const resolved = units['systemd-resolved']?.active === 'active' && nameservers.resolved !== undefined
  const address = nodeAddress(
    {
      nodeIP: host.nodeIP,
      interface: host.interface,
      sshAddress: host.ssh.address,
      ipv6: linesOf(sections, 'family')[0] === 'ipv6',
    },
    net,
  )
  return {
    ...machine,
    clockOffset: clockOffset(sections, timing),
    addresses: net.addresses,
    routes: net.routes,
    ...address,
    mtu: net.mtus[address.interface] ?? 0,
    packageManager,
    caDirectories,
    resolvConf: resolved ? '/run/systemd/resolve/resolv.conf' : '/etc/resolv.conf',
    selinux: selinux(selinuxEnforce, selinuxConfigured),
    survey: {
      ...files,
      swaps,
      rootShared,
      nameservers: resolved ? nameservers.resolved : nameservers.plain,
      listening: net.listening,
      datagrams: net.datagrams,
      vxlans: net.vxlans,
      disks: disks.parse(sections, host),
      kernelAbilities: kernel.parse(sections, host),
      units,
      kubelet: kubelet.parse(sections, host),
      programs,
    },
    state: state.parse(sections, host),
  }
}

function selinux(enforce: string | undefined, configured: boolean): Facts['selinux'] {
  if (enforce === undefined) return configured ? 'disabled' : 'absent'
  return enforce === '1' ? 'enforcing' : 'permissive'
}

/**
 * As NTP does it, what the start lags behind the sending and the reception behind the end cancel each other out. But the execution may
 * go on after the facts, so that the lag at the end says nothing; no network takes longer than this for one way.
 */
const longestWay = 0.5

function clockOffset(sections: Sections, { sentAt, receivedAt }: Timing): number {
  const started = seconds(sections, 'started')
  const ended = seconds(sections, 'ended') ?? started
  if (started === undefined || ended === undefined) return 0
  const lag = (receivedAt - sentAt) / 1000 - (ended - started)
  return started - sentAt / 1000 - Math.min(Math.max(lag / 2, 0), longestWay)
}

/** `date` without nanoseconds prints `%N` as it is. */
function seconds(sections: Sections, name: string): number | undefined {
  const match = /^\d+(\.\d+)?/.exec(linesOf(sections, name)[0] ?? '')
  return match === null ? undefined : Number(match[0])
}
