import type { Change, Finding, Resource } from '../engine/resource.ts'
import { sh } from '../transport/command.ts'

/** What is before a line of `/etc/fstab` that mounted swap; who takes it away has the line again. */
export const swapMarker = '# kubewright, no swap: '

/** The text of `/etc/fstab` with its swap lines commented out, and nothing else changed. */
export function withoutSwap(fstab: string): string {
  const lines = fstab.split('\n')
  return lines
    .map((line) => (/^\s*[^#\s]\S*\s+\S+\s+swap\s/.test(`${line} `) ? `${swapMarker}${line}` : line))
    .join('\n')
}

export interface SwapState {
  /** A container sees the swap of the machine, which is not its own to switch off. */
  readonly container: boolean
  readonly devices: readonly string[]
}

/** No swap in use. */
export function noSwap(): Resource<SwapState> {
  return {
    id: 'swap:active',
    probe: {
      script: sh`systemd-detect-virt --quiet --container && echo container
tail -n +2 /proc/swaps`,
      parse: parseSwaps,
    },
    compare: ({ container, devices }): Change | undefined =>
      container || devices.length === 0
        ? undefined
        : {
            verb: 'run',
            summary: `switch off swap on ${devices.join(', ')}`,
            impact: 'none',
            actions: [{ kind: 'run', command: sh`swapoff ${devices}`, undo: 'inverse' }],
          },
    examine: ({ container, devices }) => (container && devices.length > 0 ? [machineSwaps(devices)] : []),
  }
}

export interface SwapUnit {
  readonly unit: string
  /** How the unit is kept from starting: it is masked where it has no file of its own. */
  readonly remedy: 'mask' | 'disable'
}

/** No unit that would bring swap back at boot (what is on now is {@link noSwap}'s): swap units, whatever generated them (but for `/etc/fstab`), and services for zram. */
export function noSwapUnits(): Resource<readonly SwapUnit[]> {
  return {
    id: 'swap:boot',
    probe: {
      script: sh`systemctl show -p Id,UnitFileState,FragmentPath,SourcePath $(systemctl list-unit-files --no-legend --plain '*.swap' | cut -d ' ' -f 1) zramswap.service zram-config.service dphys-swapfile.service`,
      parse: parseSwapUnits,
    },
    compare(units): Change | undefined {
      if (units.length === 0) return undefined
      return {
        verb: 'run',
        summary: `keep ${units.map(({ unit }) => unit).join(', ')} from bringing swap back at boot`,
        impact: 'none',
        actions: units.map(({ unit, remedy }) => ({
          kind: 'run',
          command: sh`systemctl ${remedy} --quiet ${unit}`,
          undo: 'inverse',
        })),
      }
    },
  }
}

function machineSwaps(devices: readonly string[]): Finding {
  return {
    check: 'Swap',
    severity: 'error',
    message: `The machine on which this container runs swaps on ${devices.join(', ')}`,
    hint: 'Switch it off there, or let the kubelet run with swap (kubelet.config.failSwapOn: false).',
  }
}

function parseSwaps(output: string): SwapState {
  const lines = output.split('\n').filter((line) => line !== '')
  return {
    container: lines[0] === 'container',
    // The kernel writes spaces and the like in octal.
    devices: lines
      .filter((line) => line.startsWith('/'))
      .map((line) => line.split(/\s/)[0] ?? '')
      .map((path) =>
        path.replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8))),
      ),
  }
}

function parseSwapUnits(output: string): readonly SwapUnit[] {
  return output.split('\n\n').flatMap((block): SwapUnit[] => {
    const property = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(block)?.[1] ?? ''
    const unit = property('Id')
    switch (property('UnitFileState')) {
      case 'generated':
        return property('SourcePath') === '/etc/fstab' ? [] : [{ unit, remedy: 'mask' }]
      case 'enabled':
      case 'enabled-runtime':
        return [{ unit, remedy: 'disable' }]
      default:
        return []
    }
  })
}
