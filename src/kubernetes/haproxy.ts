import type { Cluster } from '../inventory/cluster.ts'
import { renderText, renderYaml } from '../render/template.ts'
import { sha256 } from './inputs.ts'
import { apiServerPort, joinHostPort, kubernetesDirectory } from './node.ts'
import { kubernetesObject, type KubernetesObject } from './object.ts'
import { imagesOf } from './versions.ts'

/** A control plane as the proxy of a node sees it. */
export interface ApiServerAddress {
  readonly name: string
  readonly nodeIP: string
}

/** What the proxy reads. A replaced file is a new inode, so its directory is mounted. */
export const haproxyDirectory = `${kubernetesDirectory}/haproxy`
export const haproxyConfigurationFile = `${haproxyDirectory}/haproxy.cfg`

/** Where the proxy says on loopback whether any control plane is well. */
export const haproxyHealthPort = 10270

/** What the proxy reads, and by what it says that it has read that. */
export interface HaproxyConfiguration {
  readonly text: string
  readonly digest: string
}

/** The configuration of the proxy on every node that is not a control plane. */
export function haproxyConfiguration(cluster: Cluster, apiServers: readonly ApiServerAddress[]): HaproxyConfiguration {
  const { address } = cluster.controlPlaneEndpoint
  const port = apiServerPort(cluster)
  const render = (digest: string): string =>
    renderText('endpoint/haproxy.cfg', {
      bind: joinHostPort(address, port),
      healthBind: joinHostPort(address, haproxyHealthPort),
      servers: apiServers.map(({ name, nodeIP }) => ({ name, address: joinHostPort(nodeIP, port) })),
      digest,
    })
  const digest = sha256(render('')).slice(0, 16)
  return { text: render(digest), digest }
}

/** The proxy as a static pod; it goes on when its configuration changes, and is told to read that. */
export function haproxyPod(cluster: Cluster): KubernetesObject {
  const rendered = renderYaml('endpoint/haproxy.yaml', {
    image: imagesOf(cluster).haproxy,
    configuration: haproxyConfigurationFile,
    directory: haproxyDirectory,
    health: { host: cluster.controlPlaneEndpoint.address, port: haproxyHealthPort },
  })
  return kubernetesObject(rendered, 'template endpoint/haproxy.yaml')
}
