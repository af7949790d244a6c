import { task } from '../../engine/task.ts'
import { corednsObjects } from '../../kubernetes/coredns.ts'
import { apiObjects } from '../../resources/api-object.ts'
import type { Context } from '../context.ts'
import { localApi } from '../control-planes.ts'

/** Cluster DNS. */
export const coredns = task<Context>({
  name: 'addons/coredns',
  summary: 'Install CoreDNS',
  resources: (context) => apiObjects(corednsObjects(context.cluster), localApi(context)),
})
