import semver from 'semver'
import { task } from '../../engine/task.ts'
import type { ContainerdOptions, RuntimeOption } from '../../inventory/cluster.ts'
import { kubeletConfiguration, kubeletProxyDropIn } from '../../kubernetes/kubelet.ts'
import { imagesOf } from '../../kubernetes/versions.ts'
import { renderText, type View } from '../../render/template.ts'
import { directory, file, ownedDirectory, type FileResource } from '../../resources/file.ts'
import { service } from '../../resources/service.ts'
import type { Context } from '../context.ts'
import { registriesDirectory, registryFiles } from './registries.ts'
import { adoptedContainerd, containerdPrograms, containerdVersion, isContainerd1 } from './runtime.ts'

/** It is on every host, before anything runs there. */
export const containerdFile = '/etc/containerd/config.toml'

/** Configures containerd as the CRI runtime. It restarts only when something that it reads has changed. */
export const containerdConfig = task<Context>({
  name: 'containerd/config',
  summary: 'Configure containerd',
  resources: (context) => {
    const config = file(containerdFile, renderText(templateFor(context), configView(context)))
    const registries = registryFiles(context) // read at each pull, so they need no restart
    const dropIn = proxyDropIn(context)
    const inputs = [config, ...unit(context), ...dropIn, ...containerdPrograms(context)]
    return [
      config,
      directory('/etc/containerd/conf.d'),
      ...registries,
      ownedDirectory(registriesDirectory, registries),
      file('/etc/crictl.yaml', renderText('containerd/crictl.yaml', { endpoint: endpointOf(context) })),
      ...unit(context),
      ...dropIn,
      ownedDirectory(dropIns, dropIn),
      service('containerd.service', { inputs, impact: hasDocker(context) ? 'workload' : 'restart' }),
    ]
  },
})

/** containerd 2 has configuration version 3; it reads version 2, too, but 1.x reads no other. */
function templateFor(context: Context): string {
  return isContainerd1(context) ? 'containerd/config-v2.toml' : 'containerd/config.toml'
}

function configView(context: Context): View {
  const { cluster, host, facts } = context
  const driver = kubeletConfiguration(cluster, host, facts)['cgroupDriver']
  const version = semver.coerce(containerdVersion(context)) ?? '2.2.0'
  return {
    severalBinDirs: semver.gte(version, '2.2.0'), // until then there is one, and a distribution may have moved it
    root: host.directories.containerd,
    socket: host.containerd.criSocket,
    sandboxImage: imagesOf(cluster).pause,
    selinux: facts.selinux === 'enforcing' && host.selinux === 'leave',
    restrictOomScoreAdj: host.containerd.restrictOomScoreAdj,
    runtimes: runtimesOf(host.containerd, driver !== 'cgroupfs'),
  }
}

/** runc and the inventory's; whatever uses runc's shim has the kubelet's cgroup driver unless it says otherwise. */
function runtimesOf({ runtimes }: ContainerdOptions, systemdCgroup: boolean) {
  const runc: RuntimeOption = { name: 'runc', runtimeType: 'io.containerd.runc.v2', options: {} }
  const byName = new Map([runc, ...runtimes].map((runtime) => [runtime.name, runtime]))
  return [...byName.values()].map(({ name, runtimeType, options }) => {
    const all = { ...(runtimeType === runc.runtimeType ? { SystemdCgroup: systemdCgroup } : {}), ...options }
    return { name, type: runtimeType, options: Object.entries(all).map(([key, value]) => ({ key, value })) }
  })
}

function endpointOf({ host }: Context): string {
  return `unix://${host.containerd.criSocket}`
}

function unit(context: Context): readonly FileResource[] {
  if (adoptedContainerd(context) !== undefined) return []
  const { limitNOFILE, limitMEMLOCK } = context.host.containerd
  const text = renderText('containerd/containerd.service', { limitNOFILE, limitMEMLOCK })
  return [file('/etc/systemd/system/containerd.service', text)]
}

const dropIns = '/etc/systemd/system/containerd.service.d'

/** The same environment as the kubelet's. */
function proxyDropIn({ cluster }: Context): readonly FileResource[] {
  const text = kubeletProxyDropIn(cluster)
  return text === undefined ? [] : [file(`${dropIns}/http-proxy.conf`, text, { mode: 0o600, confidential: true })]
}

/** Docker uses the same service, and restarts with it. */
function hasDocker({ facts }: Context): boolean {
  return facts.survey.units['docker']?.active === 'active'
}
