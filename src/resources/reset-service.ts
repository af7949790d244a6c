import type { Change, Resource } from '../engine/resource.ts'
import { sh } from '../transport/command.ts'

export interface StoppableState {
  /** `active`, `activating`, `failed`, `inactive`; `inactive` too where there is no such unit. */
  readonly active: string
  readonly enabled: boolean
}

/** A unit that does not run, and does not come back after a reboot. A unit that is not there is as it shall be. */
export function stoppedService(unit: string): Resource<StoppableState> {
  return {
    id: `stopped:${unit}`,
    probe: { script: sh`systemctl show -p ActiveState,UnitFileState ${unit}`, parse: parseStoppable },
    compare({ active, enabled }): Change | undefined {
      const running = active !== 'inactive' && active !== 'failed'
      if (!running && active !== 'failed' && !enabled) return undefined
      const command = sh`systemctl disable --quiet --now ${unit} 2>/dev/null || systemctl stop ${unit} || exit 1
systemctl reset-failed ${unit} 2>/dev/null || true`
      return {
        verb: 'run',
        summary: running ? `stop and disable ${unit}` : `disable ${unit}`,
        impact: 'workload',
        actions: [{ kind: 'run', command, undo: 'inverse' }],
      }
    },
  }
}

function parseStoppable(output: string): StoppableState {
  const property = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(output)?.[1] ?? ''
  return {
    active: property('ActiveState') || 'inactive',
    enabled: property('UnitFileState').startsWith('enabled'),
  }
}
