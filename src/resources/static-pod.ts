import type { Change, Impact, Run } from '../engine/resource.ts'
import { manifestsDirectory } from '../kubernetes/node.ts'
import type { KubernetesObject } from '../kubernetes/object.ts'
import { printYaml } from '../render/template.ts'
import { sh, type Command } from '../transport/command.ts'
import type { ApiAccess } from './api-object.ts'
import { file, type FileResource } from './file.ts'
import type { Turn } from './turn.ts'

/** What an update of a static pod waits for besides the kubelet. */
export interface StaticPodWaits {
  readonly turn?: Turn
  /** The API server that shows the pod, and the node on which it does. */
  readonly shownBy?: ApiAccess & { readonly node: string }
}

/**
 * The manifest of a static pod, renamed into the kubelet's directory; an update waits until the kubelet has taken it up and the
 * API shows the new pod, and for its turn where it has one. A first start waits for nobody.
 */
export function staticPod(pod: KubernetesObject, impact: Impact, { turn, shownBy }: StaticPodWaits = {}): FileResource {
  const component = pod.metadata.name
  const manifest = file(`${manifestsDirectory}/${component}.yaml`, printYaml(pod), { mode: 0o600, impact })
  const shown = shownBy === undefined ? [] : [shownBy.server, `${component}-${shownBy.node}`]
  return {
    ...manifest,
    compare(state): Change | undefined {
      const change = manifest.compare(state)
      if (change?.verb !== 'update' || change.diff === undefined) return change
      const note = sh`kw_before=$(kw_pods ${component})`
      const wait = sh`kw_pod_replaced ${component} "$kw_before" ${shown}`
      const before = turn === undefined ? [note] : [turn.before, note]
      const after = turn === undefined ? [wait] : [wait, turn.after]
      return { ...change, actions: [...before.map(run), ...change.actions, ...after.map(run)] }
    },
  }
}

function run(command: Command): Run {
  return { kind: 'run', command, undo: 'none' }
}
