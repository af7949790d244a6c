import { task } from '../../engine/task.ts'
import {
  haproxyConfiguration,
  haproxyConfigurationFile,
  haproxyDirectory,
  haproxyPod,
} from '../../kubernetes/haproxy.ts'
import { isNodeLocal } from '../../kubernetes/node.ts'
import { haproxyReload } from '../../resources/haproxy-reload.ts'
import { directory, file } from '../../resources/file.ts'
import { staticPod } from '../../resources/static-pod.ts'
import type { Context } from '../context.ts'
import { nodeIPOf } from '../control-planes.ts'

/** The proxy through which a node reaches all control planes. The kubelet runs it before it has asked the API for anything. */
export const endpointNodeLocal = task<Context>({
  name: 'endpoint/node-local',
  summary: 'Run the proxy to the control planes',
  resources(context) {
    const { cluster, host } = context
    if (!isNodeLocal(cluster)) return []
    const apiServers = cluster.hosts.flatMap(({ name, roles }) => {
      const nodeIP = roles.includes('control-plane') ? nodeIPOf(context, name) : undefined
      return nodeIP === undefined ? [] : [{ name, nodeIP }]
    })
    const configuration = haproxyConfiguration(cluster, apiServers)
    return [
      directory(haproxyDirectory),
      file(haproxyConfigurationFile, configuration.text),
      staticPod(haproxyPod(cluster), 'restart', { socket: host.containerd.criSocket }),
      haproxyReload(cluster.controlPlaneEndpoint.address, configuration),
    ]
  },
})
