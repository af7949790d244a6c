import { task } from '../../engine/task.ts'
import { keepalivedUnit } from '../../kubernetes/keepalived.ts'
import { endedPods } from '../../resources/reset-pods.ts'
import { stoppedService } from '../../resources/reset-service.ts'
import type { Context } from '../context.ts'
import { hasOurKeepalived } from '../endpoint/keepalived.ts'
import { hasOurContainerd } from './left.ts'

/** The address of the API goes before what is behind it; the kubelet goes first of the rest, or it would start again what is ended. */
export const resetPods = task<Context>({
  name: 'reset/pods',
  summary: 'Stop the kubelet and its pods',
  resources: (context) => [
    ...(hasOurKeepalived(context) ? [stoppedService(keepalivedUnit)] : []),
    stoppedService('kubelet.service'),
    endedPods({ criSocket: context.host.containerd.criSocket, ours: hasOurContainerd(context) }),
  ],
})
