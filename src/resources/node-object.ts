import type { Change, Resource } from '../engine/resource.ts'
import { sh } from '../transport/command.ts'
import type { ApiAccess } from './api-object.ts'

/** The API has no such node; the pods that were bound to it go with it. */
export function withoutNode(node: string, { server }: ApiAccess): Resource<boolean> {
  return {
    id: `without-node:${node}`,
    probe: {
      script: sh`[ -e /etc/kubernetes/admin.conf ] && kw_kubectl ${server} get node ${node} --ignore-not-found -o name --request-timeout=10s`,
      parse: (output) => output.trim() !== '',
    },
    compare(exists): Change | undefined {
      if (!exists) return undefined
      const command = sh`kw_kubectl ${server} delete node ${node} --ignore-not-found --timeout=60s >/dev/null`
      return {
        verb: 'delete',
        summary: `delete the Node ${node}`,
        impact: 'workload',
        actions: [{ kind: 'run', command, undo: 'none' }],
      }
    },
  }
}
