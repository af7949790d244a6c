import type { Resource } from '../../engine/resource.ts'
import { lines, sh, type Command } from '../../transport/command.ts'
import { closedFinding, openingChange, portRange, type FirewallOptions, type Opening } from './opening.ts'

/** The zone of the node's interface and the zone `trusted`, as they are now and as they come back; undefined if firewalld does not run. */
export interface FirewalldState {
  readonly zone: string
  readonly runtime: ZoneSettings
  readonly permanent: ZoneSettings
}

interface ZoneSettings {
  /** Of the zone: `4`. */
  readonly protocols: readonly string[]
  /** Of the zone: `6443/tcp`, `30000-32767/udp`. */
  readonly ports: readonly string[]
  /** Of the zone `trusted`. */
  readonly sources: readonly string[]
}

/** A firewalld that runs lets in our ports, and trusts our subnets; now and permanently, without a reload, which would drop what others have at runtime only. */
export function firewalld(nodeInterface: string, options: FirewallOptions): Resource<FirewalldState | undefined> {
  return {
    id: 'firewall:firewalld',
    probe: {
      script: sh`systemctl is-active --quiet firewalld.service || exit 0
kw_zone=$(firewall-cmd --get-zone-of-interface=${nodeInterface}) || kw_zone=$(firewall-cmd --get-default-zone)
echo "$kw_zone"
for kw_kept in '' --permanent; do
echo "ports $(firewall-cmd $kw_kept --zone="$kw_zone" --list-ports)"
echo "sources $(firewall-cmd $kw_kept --zone=trusted --list-sources)"
echo "protocols $(firewall-cmd $kw_kept --zone="$kw_zone" --list-protocols)"
done`,
      parse: parseFirewalld,
    },
    compare(state) {
      if (state === undefined) return undefined
      const now = missingIn(state.runtime, options.openings)
      const later = missingIn(state.permanent, options.openings)
      return openingChange('firewalld', [...new Set([...now, ...later])], options, () => {
        const command = lines(opening(state.zone, now, sh``), opening(state.zone, later, sh`--permanent`))
        return [{ kind: 'run', command, undo: 'inverse' }]
      })
    },
    examine: (state) =>
      state === undefined ? [] : closedFinding('firewalld', missingIn(state.runtime, options.openings), options),
  }
}

/** What the zones do not let through; forwarding needs nothing of its own, since a trusted source may go anywhere. */
function missingIn({ ports, protocols, sources }: ZoneSettings, openings: readonly Opening[]): readonly Opening[] {
  return openings.filter((opening) => {
    if (opening.kind === 'subnet') return opening.direction === 'input' && !sources.includes(opening.subnet)
    if (opening.kind === 'protocol') return !protocols.includes(String(opening.number))
    const [first, last] = opening.ports
    return !ports.some((known) => {
      const [, from = '', to = from, protocol] = /^(\d+)(?:-(\d+))?\/(.+)$/.exec(known) ?? []
      return protocol === opening.protocol && Number(from) <= first && Number(to) >= last
    })
  })
}

function opening(zone: string, missing: readonly Opening[], kept: Command): Command | undefined {
  const ports = missing.flatMap((one) => {
    if (one.kind === 'protocol') return [`--add-protocol=${one.number}`]
    return one.kind === 'port' ? [`--add-port=${portRange(one, '-')}/${one.protocol}`] : []
  })
  const sources = missing.flatMap((one) => (one.kind === 'subnet' ? [`--add-source=${one.subnet}`] : []))
  return lines(
    ports.length === 0 ? undefined : sh`firewall-cmd --quiet ${kept} ${`--zone=${zone}`} ${ports}`,
    sources.length === 0 ? undefined : sh`firewall-cmd --quiet ${kept} --zone=trusted ${sources}`,
  )
}

function parseFirewalld(output: string): FirewalldState | undefined {
  const [zone, ...rows] = output.split('\n')
  if (zone === undefined || zone === '') return undefined
  return {
    zone,
    runtime: settingsOf(rows.slice(0, 3)),
    permanent: settingsOf(rows.slice(3)),
  }
}

function settingsOf([ports, sources, protocols]: readonly string[]): ZoneSettings {
  return { ports: words(ports), sources: words(sources), protocols: words(protocols) }
}

function words(row = ''): readonly string[] {
  return row
    .split(' ')
    .slice(1)
    .filter((word) => word !== '')
}
