import { programVersions } from '../../artifacts/catalog.ts'
import type { Resource } from '../../engine/resource.ts'
import { task } from '../../engine/task.ts'
import { artifactDirectory } from '../../resources/artifact-directory.ts'
import { artifactFiles } from '../../resources/artifact.ts'
import type { FilesResource } from '../../resources/file.ts'
import { selinuxLabels } from '../../resources/selinux.ts'
import type { Context } from '../context.ts'
import { adoptedContainerd, containerdPrograms } from './runtime.ts'

/** containerd with runc, the CNI plugins, and what an administrator uses on a node. A containerd of somebody else is used as it is, with its runc. */
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
      ...tools(context),
    ]
    const plugins = artifacts.find('cni-plugins', cniPlugins, facts.architecture)
    return [...programs, artifactDirectory(plugins, '/opt/cni/bin', { deep }), ...labels(context, programs)]
  },
})

function tools(context: Context): readonly FilesResource[] {
  const { cluster, host, facts, artifacts } = context
  const { crictl, etcd } = programVersions(cluster.kubernetesVersion)
  const everywhere = artifacts.has('crictl', crictl, facts.architecture)
    ? [program(context, 'crictl', crictl, '/usr/local/bin/crictl')]
    : []
  if (!host.roles.includes('control-plane')) return everywhere
  return [
    ...everywhere,
    program(context, 'kubectl', cluster.kubernetesVersion, '/usr/bin/kubectl'),
    program(context, 'etcdctl', etcd, '/usr/local/bin/etcdctl'),
    program(context, 'etcdutl', etcd, '/usr/local/bin/etcdutl'),
  ]
}

function program({ facts, artifacts, deep }: Context, name: string, version: string, path: string): FilesResource {
  return artifactFiles(artifacts.find(name, version, facts.architecture), [{ member: name, path }], { deep })
}

/** Where SELinux is on, the policy knows programs of a runtime by their places. */
function labels({ facts }: Context, programs: readonly FilesResource[]): readonly Resource[] {
  if (facts.selinux !== 'enforcing' && facts.selinux !== 'permissive') return []
  return [selinuxLabels(programs.flatMap(({ files }) => files))]
}
