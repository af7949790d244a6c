import type { Change, Resource } from '../engine/resource.ts'
import { sh } from '../transport/command.ts'

const records = ['cluster.json', 'proof', 'installed.ndjson', 'services', 'originals'].map(
  (name) => `/var/lib/kubewright/${name}`,
)

/** The host belongs to no cluster. It comes last: as long as a host has its identity, no other cluster takes what is left on it. */
export function forgotten(): Resource<readonly string[]> {
  return {
    id: 'reset:identity',
    probe: {
      // the directory of stamps is made by whatever acts
      script: sh`for kw_path in ${records}; do
[ -f "$kw_path" ] || [ -n "$(ls -A "$kw_path" 2>/dev/null)" ] && echo "$kw_path"
done`,
      parse: (output) => output.split('\n').filter((line) => line !== ''),
    },
    compare(found): Change | undefined {
      if (found.length === 0) return undefined
      return {
        verb: 'delete',
        summary: 'forget which cluster the host belonged to, and what was installed',
        impact: 'none',
        actions: [{ kind: 'run', command: sh`rm -rf ${records}`, undo: 'none' }],
      }
    },
    // what an operation notes when it begins is no change of the host
    digest: () => undefined,
  }
}
