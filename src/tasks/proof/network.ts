import { createHash } from 'node:crypto'
import { networkProof } from '../../check/network.ts'
import type { Change, Resource } from '../../engine/resource.ts'
import { task } from '../../engine/task.ts'
import type { Cluster } from '../../inventory/cluster.ts'
import { proofRecord as record } from '../../kubernetes/observed-paths.ts'
import { sh } from '../../transport/command.ts'
import type { Context } from '../context.ts'
import { localApi, nodeNames } from '../control-planes.ts'

/** The network works: pods on all nodes of the run reach each other, services and cluster DNS. It runs when anything was changed. */
export const proofNetwork = task<Context>({
  name: 'proof/network',
  summary: 'Prove that the network works',
  resources: (context) => [proof(context)],
})

function proof(context: Context): Resource<string> {
  const { cluster } = context
  const { server } = localApi(context)
  const digest = desiredState(cluster)
  const run = (summary: string): Change => ({
    verb: 'run',
    summary,
    impact: 'none',
    actions: [
      {
        kind: 'run',
        command: sh`${networkProof(cluster, nodeNames(context), server)} || exit 1
printf '%s\n' ${digest} >${record}`,
        undo: 'none',
      },
    ],
  })
  return {
    id: 'proof',
    inputs: ['*'],
    probe: { script: sh`cat ${record}`, parse: (output) => output.trim() },
    compare: (proved) => (proved === digest ? undefined : run('check pods, services and DNS on all nodes')),
    stale: () => run('check pods, services and DNS on all nodes after the changes'),
    digest: () => undefined,
  }
}

/** A digest of the cluster as it is wanted, without where the inventory lies. */
function desiredState(cluster: Cluster): string {
  return createHash('sha256')
    .update(JSON.stringify({ ...cluster, inventory: undefined }))
    .digest('hex')
}
