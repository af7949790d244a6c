import type { Change, Impact, Resource } from '../engine/resource.ts'
import { sh } from '../transport/command.ts'
import type { FilesResource } from './file.ts'

export interface ServiceOptions {
  /** What it reads and does not reload by itself: a change of any of them restarts it. */
  readonly inputs: readonly FilesResource[]
  /** Default `restart`. */
  readonly impact?: Impact
}

export interface ServiceState {
  readonly active: boolean
  readonly enabled: boolean
  readonly invocation: string
  /** InvocationID and hash of the inputs that were stamped when we started it. */
  readonly stamp: { readonly invocation: string; readonly hash: string } | undefined
  readonly hash: string
  /** Seconds since the epoch: start of the service, and the newest ctime among its inputs. */
  readonly startedAt: number
  readonly newestInput: number
  readonly needsReload: boolean
}

/**
 * A systemd unit that is enabled, runs, and runs with its present inputs. The restart is derived from state: with the stamp of this
 * very invocation the hashes decide, without one the inputs' ctime against the start.
 */
export function service(unit: string, options: ServiceOptions): Resource<ServiceState> {
  const paths = options.inputs.flatMap((input) => input.files)
  const restart = (verb: 'create' | 'restart', summary: string): Change => ({
    verb,
    summary,
    impact: verb === 'create' ? 'none' : (options.impact ?? 'restart'),
    actions: [{ kind: 'run', command: sh`kw_start ${unit} ${paths}`, undo: 'inverse' }],
  })
  return {
    id: `service:${unit}`,
    inputs: options.inputs.map((input) => input.id),
    probe: { script: probeScript(unit, paths), parse: parseServiceState },
    compare(state) {
      if (!state.active) return restart('create', `start ${unit}`)
      if (!state.enabled) return restart('restart', `enable ${unit}: it would not come back after a reboot`)
      if (state.needsReload)
        return restart('restart', `restart ${unit}: its unit file is newer than what systemd has loaded`)
      return isStale(state)
        ? restart('restart', `restart ${unit}: what it reads has changed since it was started`)
        : undefined
    },
    stale: (changed) => restart('restart', `restart ${unit}: ${changed.join(', ')}`),
    digest: (state) => ({ active: state.active, enabled: state.enabled, stale: isStale(state) }),
  }
}

function isStale(state: ServiceState): boolean {
  if (state.stamp?.invocation === state.invocation) return state.stamp.hash !== state.hash
  return state.newestInput > state.startedAt
}

const probeScript = (
  unit: string,
  paths: readonly string[],
) => sh`TZ=UTC0 systemctl show -p ActiveState,UnitFileState,InvocationID,NeedDaemonReload,ActiveEnterTimestamp ${unit}
echo "Stamp=$(cat /var/lib/kubewright/services/${unit} 2>/dev/null)"
echo "Hash=$(kw_inputs ${paths})"
echo "Newest=$(stat -c %Z /dev/null ${paths} 2>/dev/null | tail -n +2 | sort -n | tail -n 1)"`

function parseServiceState(output: string): ServiceState {
  const values = new Map(
    output.split('\n').map((line): [string, string] => {
      const at = line.indexOf('=')
      return [line.slice(0, at), line.slice(at + 1)]
    }),
  )
  const [invocation, hash] = (values.get('Stamp') ?? '').split(' ')
  return {
    active: values.get('ActiveState') === 'active',
    enabled: ['enabled', 'static', 'alias', 'indirect'].includes(values.get('UnitFileState') ?? ''),
    invocation: values.get('InvocationID') ?? '',
    stamp: invocation === undefined || hash === undefined ? undefined : { invocation, hash },
    hash: values.get('Hash') ?? '',
    startedAt: secondsOf(values.get('ActiveEnterTimestamp') ?? ''),
    newestInput: Number(values.get('Newest') ?? 0),
    needsReload: values.get('NeedDaemonReload') === 'yes',
  }
}

/** Of `Sat 2026-11-21 05:02:00 UTC`, as every systemd prints it (--timestamp=unix is newer than Ubuntu 22.04); 0 for never. */
function secondsOf(timestamp: string): number {
  const [, date, time] = /(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}) UTC$/.exec(timestamp) ?? []
  return date === undefined ? 0 : Date.parse(`${date}T${time}Z`) / 1000
}
