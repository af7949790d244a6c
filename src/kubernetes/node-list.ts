import { sh, type Command } from '../transport/command.ts'
import type { MarkedNode } from './node-marks.ts'

/** What is asked of a node, by whoever waits for it or marks it. */
export interface ListedNode extends MarkedNode {
  readonly name: string
  readonly ready: boolean
  /** Seconds since it registered, by the clock of the host that asked. */
  readonly age: number
}

const fields = [
  '{.metadata.name}',
  '{.status.conditions[?(@.type=="Ready")].status}',
  '{.metadata.creationTimestamp}',
  '{.metadata.labels}',
  '{.spec.taints}',
].join('{"\\t"}')

/** Lists the nodes; the same text for everybody who asks, so that one listing serves them all. For `listedNodes`. */
export function nodeList(server: string): Command {
  return sh`[ -e /etc/kubernetes/admin.conf ] && { date -u +%FT%TZ; kw_kubectl ${server} get nodes -o jsonpath=${`{range .items[*]}${fields}{"\\n"}{end}`} --request-timeout=10s; }`
}

/** The nodes of a listing; none where the API did not answer. */
export function listedNodes(output: string): readonly ListedNode[] {
  const [now = '', ...lines] = output.trimEnd().split('\n')
  return lines.map((line) => {
    const [name = '', ready, since = '', labels = '', taints = ''] = line.split('\t')
    return {
      name,
      ready: ready === 'True',
      age: (Date.parse(now) - Date.parse(since)) / 1000,
      metadata: labels === '' ? {} : { labels: JSON.parse(labels) as Readonly<Record<string, string>> },
      spec: taints === '' ? {} : { taints: JSON.parse(taints) as NonNullable<MarkedNode['spec']['taints']> },
    }
  })
}
