import { task } from '../../engine/task.ts'
import { programVersions } from '../../artifacts/catalog.ts'
import { program } from '../containerd/install.ts'
import type { Context } from '../context.ts'

/** What talks to a control plane from its own host; none of it is needed before the API server starts. */
export const controlPlaneClients = task<Context>({
  name: 'control-plane/clients',
  summary: 'Install kubectl and the clients of etcd',
  resources(context) {
    const { kubernetesVersion } = context.cluster
    const { etcd } = programVersions(kubernetesVersion)
    return [
      program(context, 'kubectl', kubernetesVersion, '/usr/bin/kubectl'),
      program(context, 'etcdctl', etcd, '/usr/local/bin/etcdctl'),
      program(context, 'etcdutl', etcd, '/usr/local/bin/etcdutl'),
    ]
  },
})
