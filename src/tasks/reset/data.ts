import { task } from '../../engine/task.ts'
import { erased } from '../../resources/reset-erased.ts'
import { unmounted } from '../../resources/reset-mounts.ts'
import type { Context } from '../context.ts'
import { isKubeletsOwn, kubeletDirectories, kubeletNames } from './left.ts'

/** Removes the cluster's keys, certificates, manifests and data. Volumes are unmounted before, so that what is on them stays. */
export const resetData = task<Context>({
  name: 'reset/data',
  summary: 'Remove keys and data of the cluster',
  resources: (context) => {
    const directories = kubeletDirectories(context)
    const { etcd } = context.host.directories
    return [
      unmounted('kubelet', directories),
      erased(
        'kubelet',
        directories.map((directory) => (isKubeletsOwn(directory) ? { directory } : { directory, names: kubeletNames })),
        { what: "the kubelet's files" },
      ),
      erased('kubernetes', [{ directory: '/etc/kubernetes' }], { what: 'keys, certificates and manifests' }),
      erased('etcd', [{ directory: etcd, names: ['member'] }], { what: "etcd's data", measured: true }),
    ]
  },
})
