import type { Change, Resource } from '../engine/resource.ts'
import { listedNodes, nodeList } from '../kubernetes/node-list.ts'
import { markPatch, type MarkedNode, type NodeMarks } from '../kubernetes/node-marks.ts'
import { sh } from '../transport/command.ts'
import type { ApiAccess } from './api-object.ts'

/** The labels and taints of one node; those of others on it stay. */
export function nodeMarksOf(name: string, marks: NodeMarks, { server }: ApiAccess): Resource<MarkedNode | undefined> {
  return {
    id: `node:${name}`,
    probe: {
      script: nodeList(server),
      parse: (output) => listedNodes(output).find((node) => node.name === name),
    },
    compare(node): Change | undefined {
      const patch = markPatch(node ?? { metadata: {}, spec: {} }, marks)
      if (patch === undefined) return undefined
      const command = sh`kw_kubectl ${server} patch node ${name} --type=merge --patch-file /dev/stdin --field-manager=kubewright >/dev/null`
      return {
        verb: 'update', // the kubelet makes the node, so a plan of a bare host announces the same
        summary: `mark node ${name}: ${shown(patch)}`,
        impact: 'none',
        actions: [{ kind: 'run', command, input: JSON.stringify(patch), undo: 'restore' }],
      }
    },
    digest: (node) => (node === undefined ? undefined : { labels: node.metadata.labels, taints: node.spec.taints }),
  }
}

function shown(patch: object): string {
  const { metadata, spec } = patch as {
    metadata?: { labels: Record<string, string> }
    spec?: { taints: readonly { key: string; effect: string }[] }
  }
  const labels = Object.entries(metadata?.labels ?? {}).map(([key, value]) => (value === '' ? key : `${key}=${value}`))
  const taints =
    spec === undefined ? [] : [`taints ${spec.taints.map(({ key, effect }) => `${key}:${effect}`).join(' ') || 'none'}`]
  return [...labels, ...taints].join(', ')
}
