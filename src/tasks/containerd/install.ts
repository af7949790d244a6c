import { programVersions } from '../../artifacts/catalog.ts'
import { task } from '../../engine/task.ts'
import { isNode } from '../../inventory/roles.ts'
import { artifactDirectory } from '../../resources/artifact-directory.ts'
import type { FilesResource } from '../../resources/file.ts'
import type { Context } from '../context.ts'
import { program, programLabels } from '../programs.ts'
import { adoptedContainerd, containerdPrograms } from './runtime.ts'

/** containerd with runc, crictl, and the CNI plugins of nodes. A containerd of somebody else is used as it is, with its runc. */
export const containerdInstall = task<Context>({
  name: 'containerd/install',
  summary: 'Install containerd',
  resources: (context) => {
    const { cluster, facts, artifacts, deep } = context
    const { runc, cniPlugins } = programVersions(cluster.kubernetesVersion)
    const adopted = adoptedContainerd(context) !== undefined && facts.survey.programs['runc'] !== undefined
    const programs: readonly FilesResource[] = [
      ...containerdPrograms(context),
      ...(adopted ? [] : [program(context, 'runc', runc, '/usr/local/sbin/runc')]),
      ...crictl(context),
    ]
    const plugins = isNode(context.host)
      ? [artifactDirectory(artifacts.find('cni-plugins', cniPlugins, facts.architecture), '/opt/cni/bin', { deep })]
      : []
    return [...programs, ...plugins, ...programLabels(context, programs)]
  },
})

/** Where the source has it: for people, and for kubeadm. */
function crictl(context: Context): readonly FilesResource[] {
  const { cluster, facts, artifacts } = context
  const { crictl: version } = programVersions(cluster.kubernetesVersion)
  if (!artifacts.has('crictl', version, facts.architecture)) return []
  return [program(context, 'crictl', version, '/usr/local/bin/crictl')]
}
