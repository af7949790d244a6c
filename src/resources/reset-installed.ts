import type { Change, Resource } from '../engine/resource.ts'
import { scriptFile } from '../host/script.ts'
import { lines, sh } from '../transport/command.ts'

/** Files that we installed and are there, and those of others that we replaced, with the copy that was made before. */
export interface LeftoversState {
  readonly installed: readonly string[]
  readonly replaced: readonly { readonly path: string; readonly original: string }[]
}

/**
 * What we installed goes, and what it replaced is put back from the oldest copy of it. `elsewhere` are paths whose content another
 * resource looks after.
 */
export function uninstalled(elsewhere: readonly string[]): Resource<LeftoversState> {
  const functions = scriptFile('host/reset.sh')
  return {
    id: 'reset:installed',
    probe: { script: lines(functions, sh`kw_leftovers ${elsewhere}`), parse: parseLeftovers },
    compare({ installed, replaced }): Change | undefined {
      if (installed.length + replaced.length === 0) return undefined
      const what = [
        ...(installed.length === 0 ? [] : [`remove ${installed.length} files that were installed`]),
        ...(replaced.length === 0 ? [] : [`put back ${replaced.map(({ path }) => path).join(', ')}`]),
      ]
      const command = lines(
        functions,
        ...(installed.length === 0 ? [] : [sh`kw_uninstall ${installed} || exit 1`]),
        ...replaced.map(({ original, path }) => sh`kw_restore ${original} ${path} || exit 1`),
        sh`systemctl daemon-reload`,
      )
      const diff = [
        ...installed.map((path) => `-${path}`),
        ...replaced.map(({ path, original }) => `+${path} (${original})`),
      ]
      return {
        verb: 'delete',
        summary: what.join(', '),
        diff: diff.join('\n'),
        impact: 'workload',
        actions: [{ kind: 'run', command, undo: 'none' }],
      }
    },
  }
}

function parseLeftovers(output: string): LeftoversState {
  const rows = output.split('\n').map((line) => line.split('\t'))
  return {
    installed: rows.flatMap(([kind, path = '']) => (kind === 'remove' ? [path] : [])),
    replaced: rows.flatMap(([kind, original = '', path = '']) => (kind === 'restore' ? [{ path, original }] : [])),
  }
}
