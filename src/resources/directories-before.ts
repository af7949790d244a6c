import type { Change, Resource } from '../engine/resource.ts'
import { lines, sh } from '../transport/command.ts'

/** Directories that programs of a cluster do not leave as they are. */
export interface TouchedDirectories {
  /** They get another mode, also where they are disks of the host's owner. */
  readonly changed: readonly string[]
  /** They are made where they are missing. */
  readonly made: readonly string[]
}

const note = '/var/lib/kubewright/originals/directories'

/** A note of what directories were like before the cluster, which a reset goes by. It is made once, before any of the files `traces` of ours is there. */
export function notedDirectories({ changed, made }: TouchedDirectories, traces: readonly string[]): Resource<boolean> {
  const command = sh`mkdir -p /var/lib/kubewright/originals
{
  for kw_path in ${changed}; do stat -L -c '%a %u:%g %n' "$kw_path" 2>/dev/null || true; done
  for kw_path in ${made}; do [ -e "$kw_path" ] || echo "- - $kw_path"; done
} >${`${note}.part`}
sync -d ${`${note}.part`}
mv ${`${note}.part`} ${note}`
  return {
    id: 'directories:before',
    probe: {
      script: sh`[ -e ${note} ] || kw_installed_any ${traces} || echo due`,
      parse: (output) => output.trim() === 'due',
    },
    compare: (due): Change | undefined =>
      due
        ? {
            verb: 'run',
            summary: 'note the modes of directories as they are, for a reset',
            impact: 'none',
            actions: [{ kind: 'run', command, undo: 'none' }],
          }
        : undefined,
  }
}

/** A directory that is not as it was; without a mode it was not there, and there is nothing in it. */
interface ChangedDirectory {
  readonly path: string
  readonly was: { readonly mode: string; readonly owner: string } | undefined
  readonly is: string
}

/** The directories that are still there have the mode and owner that was noted, and the empty ones that were made are gone. */
export function restoredDirectories(): Resource<readonly ChangedDirectory[]> {
  return {
    id: 'reset:modes',
    probe: {
      script: sh`[ ! -e ${note} ] || while read -r kw_mode kw_owner kw_path; do
case $kw_owner in *[!0-9:-]*) kw_as='%a %U:%G' ;; *) kw_as='%a %u:%g' ;; esac # older notes have names
kw_is=$(stat -L -c "$kw_as" "$kw_path" 2>/dev/null) || continue
case $kw_mode in -) [ -z "$(ls -A "$kw_path")" ] ;; *) [ "$kw_mode $kw_owner" != "$kw_is" ] ;; esac && echo "$kw_mode $kw_owner $kw_is $kw_path"
done <${note}`,
      parse: parseChanged,
    },
    compare(found): Change | undefined {
      if (found.length === 0) return undefined
      const what = found.map(({ path, was, is }) =>
        was === undefined ? `remove ${path}` : `${path}: ${was.mode} ${was.owner} (is ${is})`,
      )
      const commands = found.map(({ path, was }) =>
        was === undefined
          ? sh`rmdir ${path}`
          : sh`chmod ${was.mode} ${path}
chown ${was.owner} ${path}`,
      )
      return {
        verb: 'update',
        summary: `put back directories: ${what.join(', ')}`,
        impact: 'none',
        actions: [{ kind: 'run', command: lines(...commands), undo: 'none' }],
      }
    },
  }
}

function parseChanged(output: string): readonly ChangedDirectory[] {
  const rows = output.split('\n').filter((line) => line !== '')
  return rows.map((row) => {
    const [mode = '', owner = '', ...rest] = row.split(' ')
    const was = mode === '-' ? undefined : { mode, owner }
    return { was, is: rest.slice(0, 2).join(' '), path: rest.slice(2).join(' ') }
  })
}
