import { lines, sh } from '../transport/command.ts'
import { linesOf, section, type Part } from './facts-sections.ts'
import type { Survey } from './facts.ts'

/** Other ways to run Kubernetes, by the unit that they install. */
export const distributionUnits: Readonly<Record<string, string>> = {
  k3s: 'K3s',
  'k3s-agent': 'K3s',
  'rke2-server': 'RKE2',
  'rke2-agent': 'RKE2',
  k0scontroller: 'k0s',
  k0sworker: 'k0s',
  'snap.microk8s.daemon-kubelite': 'MicroK8s',
}

const units = [
  'containerd docker crio cri-docker kubelet',
  'firewalld ufw nftables',
  'systemd-timesyncd chrony chronyd ntp ntpd ntpsec openntpd systemd-resolved',
  ...Object.keys(distributionUnits),
]
  .join(' ')
  .split(' ')

const programs = ['containerd', 'runc', 'dockerd', 'crio']

/** Units and programs of services that an installation has to know of. */
export const services: Part<Pick<Survey, 'units' | 'programs'>> = {
  script: () =>
    lines(
      section(
        'programs',
        // Each program is asked at the same time; a line is written at once, so that none cuts another.
        sh`for program in ${programs}; do
  for directory in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin; do
    [ -x "$directory/$program" ] || continue
    timeout 5 "$directory/$program" --version | {
      read -r version
      printf '%s\t%s\t%s\n' "$program" "$directory/$program" "$version"
    } &
    break
  done
done
wait`,
      ),
      section(
        'units',
        sh`systemctl show --property=Id,LoadState,ActiveState,UnitFileState,FragmentPath -- ${units.map((name) => `${name}.service`)}`,
      ),
    ),
  parse(sections) {
    const blocks = (sections.get('units') ?? '').split('\n\n').map(propertiesOf)
    const loaded = blocks.filter((block) => block['Id'] !== undefined && block['LoadState'] !== 'not-found')
    return {
      units: Object.fromEntries(loaded.map(unitOf)),
      programs: Object.fromEntries(linesOf(sections, 'programs').map(programOf)),
    }
  },
}

type Properties = Readonly<Record<string, string>>

function propertiesOf(block: string): Properties {
  const pairs = block.split('\n').map((line) => /^(\w+)=(.*)$/.exec(line))
  return Object.fromEntries(pairs.flatMap((match) => (match === null ? [] : [[match[1] ?? '', match[2] ?? '']])))
}

function unitOf(block: Properties): readonly [string, Survey['units'][string]] {
  const { Id: id = '', ActiveState: active = '', UnitFileState: enabled = '', FragmentPath: fragment = '' } = block
  return [id.replace(/\.service$/, ''), { active, enabled, fragment }]
}

/** `runc version 1.1.5+ds1`, `containerd github.com/containerd/containerd/v2 v2.2.9 be1f3ee`, `Docker version 24.0.7, build ...`. */
function programOf(line: string): readonly [string, Survey['programs'][string]] {
  const [name = '', path = '', text = ''] = line.split('\t')
  const version = /(?:^|[ v])(\d+\.\d+\.\d+(?:-(?:alpha|beta|rc)\.?\d+)?)/.exec(text)?.[1] ?? ''
  return [name, { path, version }]
}
