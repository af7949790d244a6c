import { task } from '../../engine/task.ts'
import { absent } from '../../resources/file.ts'
import type { Context } from '../context.ts'

/** The configuration that containerd's bundle brings: the lowest name in the directory wins, and this one sorts before Flannel's. */
export const cniFiles = task<Context>({
  name: 'network/cni-files',
  summary: 'Make way for the CNI',
  resources: () => [
    absent('/etc/cni/net.d/10-containerd-net.conflist', "containerd's example network would win over the cluster's"),
  ],
})
