import {
  kubeletProxyDropIn,
  kubeletConfiguration,
  instanceConfiguration,
  kubeletDropIn,
  kubeletStandaloneDropIn,
  kubeletUnit,
} from '../../kubernetes/kubelet.ts'
import { kubeadmFlagsEnv } from '../../kubernetes/kubelet-flags.ts'
import { isNode } from '../../inventory/roles.ts'
import { printYaml } from '../../render/template.ts'
import { artifactFiles } from '../../resources/artifact.ts'
import { file, type FileResource, type FilesResource } from '../../resources/file.ts'
import type { Context } from '../context.ts'

/** The binary and its unit, as the upstream packages have them. */
export function kubeletProgram({ cluster, host, facts, artifacts, deep }: Context): readonly FilesResource[] {
  const binary = artifacts.find('kubelet', cluster.kubernetesVersion, facts.architecture)
  const proxy = kubeletProxyDropIn(cluster)
  const directory = '/usr/lib/systemd/system'
  return [
    artifactFiles(binary, [{ member: 'kubelet', path: '/usr/bin/kubelet' }], { deep }),
    file(`${directory}/kubelet.service`, kubeletUnit()),
    file(`${directory}/kubelet.service.d/10-kubeadm.conf`, kubeletDropIn(facts.packageManager ?? 'apt')),
    ...(isNode(host) ? [] : [file(`${directory}/kubelet.service.d/20-standalone.conf`, kubeletStandaloneDropIn())]),
    ...(proxy === undefined
      ? []
      : [file(`${directory}/kubelet.service.d/20-proxy.conf`, proxy, { mode: 0o600, confidential: true })]),
  ]
}

/** What the kubelet reads when it starts. */
export function kubeletSettings({ cluster, host, facts }: Context): readonly FileResource[] {
  const restart = { impact: 'restart' } as const
  const { nodeIP, hostname } = facts
  return [
    file('/var/lib/kubelet/config.yaml', printYaml(kubeletConfiguration(cluster, host, facts)), restart),
    file('/var/lib/kubelet/kubeadm-flags.env', kubeadmFlagsEnv(host, { nodeIP, hostname }), restart),
  ]
}

/** Read by kubeadm only. */
export function kubeletInstance({ host }: Context): FileResource {
  return file('/var/lib/kubelet/instance-config.yaml', printYaml(instanceConfiguration(host)))
}
