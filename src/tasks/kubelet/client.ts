import { task } from '../../engine/task.ts'
import { localEndpointUrl } from '../../kubernetes/node.ts'
import { kubeletClient } from '../../resources/kubelet-client.ts'
import type { Context } from '../context.ts'
import { certificateOptions, kubeconfigRow, specOf } from '../control-planes.ts'

/** The first control plane's kubelet cannot ask an API server that it has yet to start, so its first certificate is issued here. */
export const kubeletClientTask = task<Context>({
  name: 'kubelet/client',
  summary: "Issue the kubelet's first client certificate",
  resources(context) {
    const row = kubeconfigRow('kubelet.conf')
    const server = localEndpointUrl(context.cluster, context.facts.nodeIP)
    return [kubeletClient(specOf(row, context), server, certificateOptions(context, row))]
  },
})
