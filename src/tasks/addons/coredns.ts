import { task } from '../../engine/task.ts'
import { corednsObjects } from '../../kubernetes/coredns.ts'
import { apiObjects, type ApiAccess } from '../../resources/api-object.ts'
import { gate } from '../../resources/gate.ts'
import { sh } from '../../transport/command.ts'
import type { Context } from '../context.ts'
import { localApi } from '../control-planes.ts'

/** Cluster DNS. */
export const coredns = task<Context>({
  name: 'addons/coredns',
  summary: 'Install CoreDNS',
  resources(context) {
    const access = localApi(context)
    const workers = context.cluster.hosts
      .filter(({ roles }) => !roles.includes('control-plane'))
      .map(({ name }) => name)
    const objects = apiObjects(corednsObjects(context.cluster), access)
    return workers.length === 0 ? objects : [workerReady(workers, access), ...objects]
  },
})

/** The scheduler prefers workers for DNS, which helps only if one can take a pod when DNS is installed. */
function workerReady(workers: readonly string[], { server }: ApiAccess) {
  const fields = '{range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}'
  return gate('worker-ready', {
    title: 'cluster DNS',
    script: sh`[ -e /etc/kubernetes/admin.conf ] && kw_kubectl ${server} get nodes -o jsonpath=${fields} --request-timeout=10s`,
    missing: (output) =>
      workers.some((name) => output.includes(`${name} True\n`)) ? undefined : 'no worker is Ready yet',
    gate: {
      limit: 180,
      interval: 0.5,
      explain: sh`kw_kubectl ${server} get nodes,pods -A -o wide --request-timeout=10s`,
    },
  })
}
