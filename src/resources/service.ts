import type { Change, Impact, Resource } from '../engine/resource.ts'
import { sh } from '../transport/command.ts'
import type { FilesResource } from './file.ts'

export interface ServiceOptions {
  /** What it reads and does not reload by itself: a change of any of them restarts it. */
  readonly inputs: readonly FilesResource[]
  /** What it reads anew when it is told to, without a stop. */
  readonly reloads?: readonly FilesResource[]
  /** Default `restart`. */
  readonly impact?: Impact
}

export interface ServiceState {
  readonly active: boolean
  readonly enabled: boolean
  readonly invocation: string
  /** InvocationID and hashes that were stamped when we started it, or let it reload. */
  readonly stamp: { readonly invocation: string; readonly inputs: string; readonly reloads: string } | undefined
  /** Seconds since the epoch. */
  readonly startedAt: number
  readonly inputs: ReadFiles
  readonly reloads: ReadFiles
  readonly needsReload: boolean
}

/** What a service reads: one hash over it, and its newest ctime (seconds since the epoch). */
interface ReadFiles {
  readonly hash: string
  readonly newest: number
}

/**
 * A systemd unit that is enabled, runs, and runs with its present inputs. The restart is derived from state: with the stamp of this
 * very invocation the hashes decide, without one the inputs' ctime against the start. Where a reload is enough, there is no restart.
 */
export function service(unit: string, options: ServiceOptions): Resource<ServiceState> {
  const paths = pathsOf(options.inputs)
  const reloaded = pathsOf(options.reloads ?? [])
  const start = (verb: 'restart' | 'reload'): Change['actions'] => {
    const command = sh`kw_start ${verb} ${unit} "$(kw_inputs ${paths})" "$(kw_inputs ${reloaded})"`
    return [{ kind: 'run', command, undo: 'inverse' }]
  }
  const restart = (verb: 'create' | 'restart', summary: string): Change => ({
    verb,
    summary,
    impact: verb === 'create' ? 'none' : (options.impact ?? 'restart'),
    actions: start('restart'),
  })
  const reload = (why: string): Change => ({
    verb: 'run',
    summary: `reload ${unit}: ${why}`,
    impact: 'none',
    actions: start('reload'),
  })
  const reloadIds = (options.reloads ?? []).map((input) => input.id)
  return {
    id: `service:${unit}`,
    inputs: [...options.inputs.map((input) => input.id), ...reloadIds],
    probe: { script: probeScript(unit, paths, reloaded), parse: parseServiceState },
    compare(state) {
      if (!state.active) return restart('create', `start ${unit}`)
      if (!state.enabled) return restart('restart', `enable ${unit}: it would not come back after a reboot`)
      if (state.needsReload)
        return restart('restart', `restart ${unit}: its unit file is newer than what systemd has loaded`)
      if (isStale(state, 'inputs'))
        return restart('restart', `restart ${unit}: what it reads has changed since it was started`)
      return isStale(state, 'reloads') ? reload('what it reads has changed since then') : undefined
    },
    stale: (changed) =>
      changed.every((one) => reloadIds.includes(one))
        ? reload(changed.join(', '))
        : restart('restart', `restart ${unit}: ${changed.join(', ')}`),
    digest: (state) => ({
      active: state.active,
      enabled: state.enabled,
      stale: isStale(state, 'inputs'),
      ...(isStale(state, 'reloads') ? { reloads: true } : {}),
    }),
  }
}

function pathsOf(files: readonly FilesResource[]): readonly string[] {
  return files.flatMap((each) => each.files)
}

function isStale(state: ServiceState, part: 'inputs' | 'reloads'): boolean {
  if (state.stamp?.invocation === state.invocation) return state.stamp[part] !== state[part].hash
  return state[part].newest > state.startedAt
}

const probeScript = (
  unit: string,
  paths: readonly string[],
  reloaded: readonly string[],
) => sh`TZ=UTC0 systemctl show -p ActiveState,UnitFileState,InvocationID,NeedDaemonReload,ActiveEnterTimestamp ${unit}
echo "Stamp=$(cat /var/lib/kubewright/services/${unit} 2>/dev/null)"
${readFiles('Inputs', paths)}
${readFiles('Reloads', reloaded)}`

/** `Inputs=HASH NEWEST`; nobody pays for looking at nothing. */
function readFiles(name: string, paths: readonly string[]) {
  if (paths.length === 0) return sh`echo ${`${name}=none 0`}`
  return sh`echo ${name}="$(kw_inputs ${paths}) $(stat -c %Z /dev/null ${paths} 2>/dev/null | tail -n +2 | sort -n | tail -n 1)"`
}

function parseServiceState(output: string): ServiceState {
  const values = new Map(
    output.split('\n').map((line): [string, string] => {
      const at = line.indexOf('=')
      return [line.slice(0, at), line.slice(at + 1)]
    }),
  )
  const [invocation, inputs, reloads = 'none'] = (values.get('Stamp') ?? '').split(' ')
  const filesOf = (name: string): ReadFiles => {
    const [hash = '', newest = 0] = (values.get(name) ?? '').split(' ')
    return { hash, newest: Number(newest) }
  }
  return {
    active: values.get('ActiveState') === 'active',
    enabled: ['enabled', 'static', 'alias', 'indirect'].includes(values.get('UnitFileState') ?? ''),
    invocation: values.get('InvocationID') ?? '',
    stamp: invocation === undefined || inputs === undefined ? undefined : { invocation, inputs, reloads },
    startedAt: secondsOf(values.get('ActiveEnterTimestamp') ?? ''),
    inputs: filesOf('Inputs'),
    reloads: filesOf('Reloads'),
    needsReload: values.get('NeedDaemonReload') === 'yes',
  }
}

/** Of `Sat 2026-11-21 05:02:00 UTC`, as every systemd prints it (--timestamp=unix is newer than Ubuntu 22.04); 0 for never. */
function secondsOf(timestamp: string): number {
  const [, date, time] = /(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}) UTC$/.exec(timestamp) ?? []
  return date === undefined ? 0 : Date.parse(`${date}T${time}Z`) / 1000
}
