import { task } from '../../engine/task.ts'
import { nodeJoin, sweptTokens } from '../../resources/node-join.ts'
import type { Context } from '../context.ts'
import { certificateOptions, endpointUrl, kubeconfigRow, leaderApi, localApi, specOf } from '../control-planes.ts'
import { kubeletInputs } from '../kubelet/service.ts'

/** Brings a worker into the cluster. */
export const nodeJoinTask = task<Context>({
  name: 'node/join',
  summary: 'Join the cluster',
  resources(context) {
    const row = kubeconfigRow('kubelet.conf')
    return [
      nodeJoin({
        spec: specOf(row, context),
        server: endpointUrl(context),
        certificate: certificateOptions(context, row),
        api: leaderApi(context),
        inputs: kubeletInputs(context),
      }),
    ]
  },
})

/** Deletes join tokens that a crash has left. */
export const nodeTokens = task<Context>({
  name: 'node/tokens',
  summary: 'Sweep join tokens',
  resources: (context) => [sweptTokens(localApi(context))],
})
