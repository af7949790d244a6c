import { task } from '../../engine/task.ts'
import { endedPods } from '../../resources/reset-pods.ts'
import { stoppedService } from '../../resources/reset-service.ts'
import type { Context } from '../context.ts'
import { hasOurContainerd } from './left.ts'

/** The kubelet first, or it would start again what is ended after it. */
export const resetPods = task<Context>({
  name: 'reset/pods',
  summary: 'Stop the kubelet and its pods',
  resources: (context) => [
    stoppedService('kubelet.service'),
    endedPods({ criSocket: context.host.containerd.criSocket, ours: hasOurContainerd(context) }),
  ],
})
