import { task } from '../../engine/task.ts'
import { service } from '../../resources/service.ts'
import type { Context } from '../context.ts'
import { kubeletProgram, kubeletSettings } from './files.ts'

/** What a restart of the kubelet depends on; it reloads its certificates by itself. */
export function kubeletInputs(context: Context) {
  return [...kubeletProgram(context), ...kubeletSettings(context)]
}

/** The kubelet runs with its present binary and configuration. */
export const kubeletService = task<Context>({
  name: 'kubelet/service',
  summary: 'Run the kubelet',
  resources: (context) => [service('kubelet.service', { inputs: kubeletInputs(context) })],
})
