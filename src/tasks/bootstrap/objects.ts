import { task } from '../../engine/task.ts'
import { bootstrapRbac, clusterInfo, kubeadmConfigMap, kubeletConfigMap } from '../../kubernetes/bootstrap.ts'
import { apiObjects } from '../../resources/api-object.ts'
import { clusterInfoObject } from '../../resources/cluster-info.ts'
import type { Context } from '../context.ts'
import { authoritySource, clusterAuthority, etcdServers, firstControlPlaneIP, localApi } from '../control-planes.ts'

/** Everything that `kubeadm init` leaves in the API but for the addons; administrators' rights come first. */
export const bootstrapObjectsTask = task<Context>({
  name: 'bootstrap/objects',
  summary: "Write kubeadm's objects",
  resources(context) {
    const { cluster, observed } = context
    const access = localApi(context)
    const nodeIP = firstControlPlaneIP(context)
    const known = observed.authorities[clusterAuthority.path]?.certificate
    const objects = [...bootstrapRbac(), kubeadmConfigMap(cluster, etcdServers(context)), kubeletConfigMap(cluster)]
    if (known !== undefined)
      return apiObjects([...objects, clusterInfo(cluster, { nodeIP, caCertificate: known })], access)
    const deferred = clusterInfoObject({
      render: (caCertificate) => clusterInfo(cluster, { nodeIP, caCertificate }),
      authority: clusterAuthority,
      source: authoritySource(context),
      access,
    })
    return [...apiObjects(objects, access), deferred]
  },
})
