import type { Change, Finding, Resource } from '../engine/resource.ts'
import {
  delayOf,
  evictionColumns,
  leavingPods,
  parseNodePods,
  type NodePod,
  type NodePods,
} from '../kubernetes/evictions.ts'
import { sh } from '../transport/command.ts'
import type { ApiAccess } from './api-object.ts'

/** How a node is emptied. */
export interface DrainOptions {
  /** Pods that nobody makes again may be deleted. */
  readonly force: boolean
  /** What pods keep in the node's own storage may be lost. */
  readonly deleteEmptyDirData: boolean
  /** Seconds. */
  readonly timeout: number
  /** Whether the node takes pods again when the time is up. */
  readonly uncordonOnFailure: boolean
}

type DrainState = NodePods | undefined

/** No new pods come to the node. */
export function cordoned(node: string, { server }: ApiAccess): Resource<DrainState> {
  return {
    id: `cordoned:${node}`,
    probe: podsProbe(node, server),
    compare(state): Change | undefined {
      if (state?.node === undefined || state.node.unschedulable) return undefined
      const command = sh`kw_kubectl ${server} cordon ${node} >/dev/null`
      return change('update', `cordon ${node}: it takes no new pods`, 'none', command)
    },
    digest: (state) => state?.node,
  }
}

/**
 * All pods have left the node but those that belong to it. They are asked to by the eviction API, which respects budgets, again
 * and again until the time is up.
 */
export function drained(node: string, options: DrainOptions, { server }: ApiAccess): Resource<DrainState> {
  const flags = [
    '--ignore-daemonsets',
    ...(options.force ? ['--force'] : []),
    ...(options.deleteEmptyDirData ? ['--delete-emptydir-data'] : []),
  ]
  // Between these the pods are looked at; kubectl takes 0 for no limit at all.
  const round = Math.max(1, Math.min(10, options.timeout))
  const uncordon = sh`kw_kubectl ${server} uncordon ${node} >/dev/null`
  return {
    id: `drained:${node}`,
    probe: podsProbe(node, server),
    examine: (state) => (state?.node === undefined ? [] : drainFindings(node, state, options)),
    compare(state): Change | undefined {
      if (state === undefined) return { verb: 'wait', summary: 'the API does not answer', impact: 'none', actions: [] }
      const pods = state.node === undefined ? [] : leavingPods(state)
      if (pods.length === 0) return undefined
      const names = some(pods.map((pod) => delayOf(pod, state.budgets)))
      // What it says is found out again by looking at the pods.
      const command = sh`kw_kubectl ${server} drain ${node} ${flags} --timeout=${round}s >/dev/null 2>&1 || true`
      const summary = `drain ${node}: ${pods.length} pod${pods.length === 1 ? ' has' : 's have'} to leave: ${names}`
      return change('run', summary, 'workload', command)
    },
    gate: {
      limit: options.timeout,
      interval: 2,
      explain: sh`kw_kubectl ${server} drain ${node} ${flags} --dry-run=server --timeout=3s 2>&1 | grep -i -E 'error|cannot' | tail -n 10`,
      hint: options.uncordonOnFailure
        ? `${node} takes pods again. Mend what keeps the pods (a budget, more replicas elsewhere, --drain-timeout), then run the same command again.`
        : `${node} stays cordoned. Mend what keeps the pods (a budget, more replicas elsewhere, --drain-timeout) and run the same command again, or give it up: kubectl uncordon ${node} (--uncordon-on-failure does that).`,
      ...(options.uncordonOnFailure
        ? { relent: change('update', `uncordon ${node}: it takes pods again`, 'none', uncordon) }
        : {}),
    },
  }
}

function change(
  verb: Change['verb'],
  summary: string,
  impact: Change['impact'],
  command: ReturnType<typeof sh>,
): Change {
  return { verb, summary, impact, actions: [{ kind: 'run', command, undo: 'inverse' }] }
}

/** The same text for all resources of a node, so that one look serves them. */
function podsProbe(node: string, server: string): Resource<DrainState>['probe'] {
  return {
    script: sh`kw_ask() { kw_kubectl ${server} --request-timeout=10s get "$@"; }
[ -e /etc/kubernetes/admin.conf ] && kw_ask nodes --field-selector ${`metadata.name=${node}`} -o jsonpath=${evictionColumns.node} &&
  kw_ask pods -A --field-selector ${`spec.nodeName=${node}`} -o jsonpath=${evictionColumns.pods} &&
  kw_ask namespaces -o jsonpath=${evictionColumns.namespaces} &&
  kw_ask poddisruptionbudgets -A -o jsonpath=${evictionColumns.budgets} && echo complete`,
    parse: parseNodePods,
  }
}

/** What is lost by a drain is said before it, and wants a word of its own. */
function drainFindings(node: string, state: NodePods, options: DrainOptions): readonly Finding[] {
  // What is ending already goes whatever we do; it is waited for, and that is all.
  const pods = leavingPods(state).filter(({ terminating }) => !terminating)
  const told = (check: string, of: readonly NodePod[], what: string, flag: string, allowed: boolean): Finding[] => {
    if (of.length === 0) return []
    const message = `${some(of.map(({ name }) => name))} on ${node} ${what}`
    const hint = allowed
      ? `${flag} allows it.`
      : `Move ${of.length === 1 ? 'it' : 'them'} away by hand, or allow it by ${flag}.`
    return [{ check, severity: allowed ? 'warning' : 'error', final: !allowed, message, hint }]
  }
  const bare = pods.filter(({ controller }) => controller === undefined)
  const keeping = pods.filter(({ emptyDir }) => emptyDir)
  return [
    ...told('BarePods', bare, 'would be gone for good: nobody makes them again elsewhere', '--force', options.force),
    ...told(
      'EmptyDirPods',
      keeping,
      'would lose what they keep in emptyDir volumes',
      '--delete-emptydir-data',
      options.deleteEmptyDirData,
    ),
  ]
}

function some(words: readonly string[]): string {
  return words.length <= 5 ? words.join(', ') : `${words.slice(0, 4).join(', ')} and ${words.length - 4} more`
}
