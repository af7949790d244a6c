import type { Change, Resource } from '../engine/resource.ts'
import { scriptFile } from '../host/script.ts'
import { lines, sh } from '../transport/command.ts'

/** Nothing is mounted below these directories; that they are mount points themselves is nobody's business but the host's owner's. */
export function unmounted(name: string, directories: readonly string[]): Resource<readonly string[]> {
  const functions = scriptFile('host/reset.sh')
  return {
    id: `unmounted:${name}`,
    probe: {
      script: lines(
        functions,
        sh`for kw_top in ${directories}; do kw_below "$kw_top" | grep -Fvx "$(readlink -f "$kw_top")"; done`,
      ),
      parse: (output) => output.split('\n').filter((line) => line !== ''),
    },
    compare(mounts): Change | undefined {
      const [first, ...others] = mounts
      if (first === undefined) return undefined
      const more = others.length === 0 ? '' : ` and ${others.length} more`
      return {
        verb: 'delete',
        summary: `unmount ${first}${more}`,
        impact: 'workload',
        actions: [{ kind: 'run', command: lines(functions, sh`kw_unmount ${directories} || exit 1`), undo: 'none' }],
      }
    },
    digest: (mounts) => mounts.length > 0,
  }
}
