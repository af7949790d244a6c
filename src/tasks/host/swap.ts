import { task } from '../../engine/task.ts'
import { kubeletConfiguration } from '../../kubernetes/kubelet.ts'
import { editedFile } from '../../resources/edited-file.ts'
import { noSwap, noSwapUnits, withoutSwap } from '../../resources/swap.ts'
import { sh } from '../../transport/command.ts'
import type { Context } from '../context.ts'

/** Swap off now and after a reboot, since the kubelet refuses to run with it; unless its configuration says that it may. */
export const hostSwap = task<Context>({
  name: 'host/swap',
  summary: 'Switch off swap',
  resources: ({ cluster, host, facts }) => {
    if (kubeletConfiguration(cluster, host, facts)['failSwapOn'] === false) return []
    const fstab = editedFile('/etc/fstab', withoutSwap, {
      why: 'no swap after a reboot',
      // systemd makes units of the file; without this it would mount the swap again
      afterwards: sh`systemctl daemon-reload`,
    })
    // Off first: a unit that is stopped takes its swap away, and swapoff fails for what is not there.
    return [fstab, noSwap(), noSwapUnits()]
  },
})
