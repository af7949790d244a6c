import { programVersions } from '../../artifacts/catalog.ts'
import { task } from '../../engine/task.ts'
import type { FilesResource } from '../../resources/file.ts'
import type { Context } from '../context.ts'
import { program, programLabels } from '../programs.ts'

/** kubectl, by which a control plane is set up and looked after from its own host. */
export const controlPlaneKubectl = task<Context>({
  name: 'control-plane/kubectl',
  summary: 'Install kubectl',
  resources: (context) =>
    labelled(context, [program(context, 'kubectl', context.cluster.kubernetesVersion, '/usr/bin/kubectl')]),
})

/** What backs etcd up and looks after its members. */
export const etcdClients = task<Context>({
  name: 'etcd/clients',
  summary: 'Install the clients of etcd',
  resources(context) {
    const { etcd } = programVersions(context.cluster.kubernetesVersion)
    return labelled(context, [
      program(context, 'etcdctl', etcd, '/usr/local/bin/etcdctl'),
      program(context, 'etcdutl', etcd, '/usr/local/bin/etcdutl'),
    ])
  },
})

function labelled(context: Context, programs: readonly FilesResource[]) {
  return [...programs, ...programLabels(context, programs)]
}
