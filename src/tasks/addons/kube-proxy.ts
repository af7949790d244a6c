import { task } from '../../engine/task.ts'
import { kubeProxyObjects } from '../../kubernetes/kube-proxy.ts'
import { apiObjects } from '../../resources/api-object.ts'
import type { Context } from '../context.ts'
import { firstControlPlaneIP, localApi } from '../control-planes.ts'

/** kube-proxy as a DaemonSet. */
export const kubeProxy = task<Context>({
  name: 'addons/kube-proxy',
  summary: 'Install kube-proxy',
  resources: (context) =>
    apiObjects(kubeProxyObjects(context.cluster, { nodeIP: firstControlPlaneIP(context) }), localApi(context)),
})
