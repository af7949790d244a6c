import type { Change, Finding, Resource } from '../engine/resource.ts'
import { sh } from '../transport/command.ts'
import { installation, type Installer } from './package.ts'

/** The services that may keep a host's time, in the order in which one that is there would be chosen. */
const services = ['chrony', 'chronyd', 'ntpsec', 'ntp', 'ntpd', 'openntpd', 'systemd-timesyncd'].map(
  (name) => `${name}.service`,
)

const installable = {
  apt: { name: 'systemd-timesyncd', unit: 'systemd-timesyncd.service' },
  dnf: { name: 'chrony', unit: 'chronyd.service' },
} as const

export interface TimeState {
  /** In a container the time is that of the machine, and is not the container's to set. */
  readonly container: boolean
  readonly services: readonly { readonly unit: string; readonly active: boolean; readonly enabled: string }[]
}

/** Some service that keeps the time, running now and after a reboot: the one that is there, or else one that is installed. */
export function timeService(installer: Installer): Resource<TimeState> {
  return {
    id: 'time-service',
    probe: {
      script: sh`systemd-detect-virt --quiet --container && echo container
systemctl show -p Id,LoadState,ActiveState,UnitFileState ${services}`,
      parse: parseTimeState,
    },
    compare(state): Change | undefined {
      if (state.container || state.services.some(isKept)) return undefined
      const there =
        state.services.find(({ active }) => active) ?? state.services.find(({ enabled }) => enabled !== 'masked')
      if (there !== undefined) {
        const command = sh`systemctl enable --now ${there.unit}`
        return change(`enable ${there.unit}`, { kind: 'run', command, undo: 'inverse' })
      }
      if (installer.manager === undefined) return undefined
      const { name, unit } = installable[installer.manager]
      const enable = sh`systemctl enable --now ${unit}`
      return change(`install and enable ${name}`, installation(installer, installer.manager, [name], enable))
    },
    examine: (state) =>
      state.container || installer.manager !== undefined || state.services.length > 0 ? [] : [unsynchronised],
  }
}

const unsynchronised: Finding = {
  check: 'TimeService',
  severity: 'warning',
  message: 'Nothing keeps the time of the host, and it has neither apt nor dnf to install a service for it',
  hint: 'Install chrony or another NTP client: certificates and etcd need hosts that agree on the time.',
}

function change(what: string, action: Change['actions'][number]): Change {
  return { verb: 'run', summary: `${what}: nothing keeps the time`, impact: 'none', actions: [action] }
}

function isKept({ active, enabled }: TimeState['services'][number]): boolean {
  return active && enabled !== 'disabled'
}

function parseTimeState(output: string): TimeState {
  const blocks = output.replace(/^container\n/, '').split('\n\n')
  return {
    container: output.startsWith('container\n'),
    services: blocks.flatMap((block) => {
      const property = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(block)?.[1] ?? ''
      if (property('LoadState') !== 'loaded' && property('LoadState') !== 'masked') return []
      return [
        { unit: property('Id'), active: property('ActiveState') === 'active', enabled: property('UnitFileState') },
      ]
    }),
  }
}
