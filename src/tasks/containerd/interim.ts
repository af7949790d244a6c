import { task } from '../../engine/task.ts'
import { imagesOf, upstreamImages, type ImageName } from '../../kubernetes/versions.ts'
import { artifactFiles } from '../../resources/artifact.ts'
import { file } from '../../resources/file.ts'
import { image } from '../../resources/image.ts'
import { service } from '../../resources/service.ts'
import type { Context } from '../context.ts'

function programs({ artifacts, facts, deep, cluster }: Context) {
  const find = (name: string, version: string) => artifacts.find(name, version, facts.architecture)
  return [
    artifactFiles(
      find('containerd', '2.2.9'),
      ['containerd', 'containerd-shim-runc-v2', 'ctr'].map((name) => ({
        member: `bin/${name}`,
        path: `/usr/local/bin/${name}`,
      })),
      { deep },
    ),
    artifactFiles(find('runc', '1.1.5'), [{ member: 'runc', path: '/usr/local/sbin/runc' }], { deep }),
    artifactFiles(
      find('cni-plugins', '1.9.1'),
      ['bridge', 'loopback', 'ptp', 'host-local', 'portmap', 'bandwidth', 'tuning', 'firewall'].map((name) => ({
        member: name,
        path: `/opt/cni/bin/${name}`,
      })),
      { deep },
    ),
    artifactFiles(find('kubectl', cluster.kubernetesVersion), [{ member: 'kubectl', path: '/usr/bin/kubectl' }], {
      deep,
    }),
  ]
}

export const containerdInstall = task<Context>({
  name: 'containerd/install',
  summary: 'Install containerd',
  resources: programs,
})

export const containerdConfig = task<Context>({
  name: 'containerd/config',
  summary: 'Configure containerd',
  resources(context) {
    const config = file(
      '/etc/containerd/config.toml',
      `version = 3
imports = ["/etc/containerd/conf.d/*.toml"]
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = "${imagesOf(context.cluster).pause}"
[plugins.'io.containerd.cri.v1.images'.registry]
  config_path = "/etc/containerd/certs.d"
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  SystemdCgroup = true
`,
    )
    const unit = file(
      '/etc/systemd/system/containerd.service',
      `[Unit]
Description=containerd container runtime
After=network.target
[Service]
ExecStart=/usr/local/bin/containerd
Type=notify
Delegate=yes
KillMode=process
Restart=always
RestartSec=5
LimitNOFILE=${context.host.containerd.limitNOFILE}
TasksMax=infinity
OOMScoreAdjust=-999
[Install]
WantedBy=multi-user.target
`,
    )
    return [config, unit, service('containerd.service', { inputs: [config, unit, ...programs(context)] })]
  },
})

/** A static pod needs its image when the kubelet starts; everything else may come while the API server starts. */
const staticPods: readonly ImageName[] = ['pause', 'etcd', 'apiServer', 'controllerManager', 'scheduler']
const everywhere: readonly ImageName[] = ['pause', 'kubeProxy', 'flannel', 'flannelCniPlugin']

export const controlPlaneImages = task<Context>({
  name: 'containerd/control-plane-images',
  summary: 'Import the images of the control plane',
  resources: (context) => imagesFor(context, staticPods),
})

export const containerdImages = task<Context>({
  name: 'containerd/images',
  summary: 'Import images',
  resources(context) {
    const { cluster, host } = context
    const controlPlane = host.roles.includes('control-plane')
    const hasWorkers = cluster.hosts.some(({ roles }) => !roles.includes('control-plane'))
    const names = controlPlane ? everywhere.filter((name) => name !== 'pause') : everywhere
    return imagesFor(context, controlPlane && hasWorkers ? names : [...names, 'coredns'])
  },
})

export const proofImage = task<Context>({
  name: 'containerd/proof-image',
  summary: 'Import the image of the network check',
  resources: (context) => imagesFor(context, ['agnhost']),
})

function imagesFor({ cluster, artifacts, facts }: Context, names: readonly ImageName[]) {
  if (cluster.artifacts.images === 'registry') return []
  const upstream = upstreamImages(cluster.kubernetesVersion)
  const wanted = imagesOf(cluster)
  return names.map((name) => image(artifacts.findImage(upstream[name], facts.architecture), wanted[name]))
}
