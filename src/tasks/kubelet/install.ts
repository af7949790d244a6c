import { task } from '../../engine/task.ts'
import type { Context } from '../context.ts'
import { programLabels } from '../programs.ts'
import { kubeletProgram } from './files.ts'

/** Brings the kubelet's binary and unit; it is started when it has its configuration. */
export const kubeletInstall = task<Context>({
  name: 'kubelet/install',
  summary: 'Install the kubelet',
  resources(context) {
    const files = kubeletProgram(context)
    return [...files, ...programLabels(context, files)]
  },
})
