import { task } from '../../engine/task.ts'
import { erased } from '../../resources/reset-erased.ts'
import { unmounted } from '../../resources/reset-mounts.ts'
import { stoppedService } from '../../resources/reset-service.ts'
import type { Context } from '../context.ts'
import { hasOurContainerd } from './left.ts'

const runtimeState = '/run/containerd'

/** Stops the containerd that we installed and removes its images and containers. Another one keeps running, with its images. */
export const resetContainerd = task<Context>({
  name: 'reset/containerd',
  summary: 'Stop containerd and remove its state',
  resources: (context) => {
    if (!hasOurContainerd(context)) return []
    const directory = context.host.directories.containerd
    return [
      stoppedService('containerd.service'),
      unmounted('containerd', [directory, runtimeState]),
      erased(
        'containerd',
        [
          { directory, names: ['io.containerd.*', 'tmpmounts'] },
          { directory: runtimeState },
          { directory: '/run', names: ['nri'] },
        ],
        { what: 'images and containers' },
      ),
    ]
  },
})
