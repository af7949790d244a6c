import { isDeepStrictEqual } from 'node:util'
import type { Change, Impact, Run } from '../engine/resource.ts'
import { manifestsDirectory } from '../kubernetes/node.ts'
import type { KubernetesObject } from '../kubernetes/object.ts'
import { parseYaml, printYaml } from '../render/yaml.ts'
import { sh, type Command } from '../transport/command.ts'
import type { ApiAccess } from './api-object.ts'
import { file, type FileResource } from './file.ts'
import type { Turn } from './turn.ts'

/** What an update of a static pod waits for besides the kubelet. */
export interface StaticPodWaits {
  /** Where containerd listens, which knows the pods without the API. */
  readonly socket: string
  readonly turn?: Turn
  /** The API server that shows the pod, and the node on which it does. */
  readonly shownBy?: ApiAccess & { readonly node: string }
}

/**
 * The manifest of a static pod, renamed into the kubelet's directory; an update waits until the kubelet has taken it up and the
 * API shows the new pod, and for its turn where it has one. A first start waits for nobody.
 */
export function staticPod(
  pod: KubernetesObject,
  impact: Impact,
  { socket, turn, shownBy }: StaticPodWaits,
): FileResource {
  const component = pod.metadata.name
  const manifest = file(`${manifestsDirectory}/${component}.yaml`, printYaml(pod), { mode: 0o600, impact })
  return {
    ...manifest,
    compare(state): Change | undefined {
      const change = manifest.compare(state)
      if (change?.verb !== 'update' || change.diff === undefined || isSame(state.text, pod)) return change
      const note = sh`kw_before=$(kw_in_time 30 kw_pods ${socket} ${component})`
      const wait = sh`kw_pod_replaced ${socket} ${component} "$kw_before"`
      const shown =
        shownBy && sh`kw_pod_shown ${socket} ${shownBy.server} ${`${component}-${shownBy.node}`} "$kw_before"`
      const before = [turn?.before, note].flatMap(run)
      // The API server that shall show it may be what is changed: first it is as well as it was.
      const after = [wait, turn?.after, shown].flatMap(run)
      return { ...change, actions: [...before, ...change.actions, ...after] }
    },
  }
}

/** Whether a text says the same in other words: the kubelet makes no new pod for an empty line, so nobody waits for one. */
function isSame(text: string, pod: KubernetesObject): boolean {
  try {
    return isDeepStrictEqual(parseYaml(text, 'manifest'), parseYaml(printYaml(pod), 'manifest'))
  } catch {
    return false // what cannot be read is no pod
  }
}

function run(command: Command | undefined): readonly Run[] {
  return command === undefined ? [] : [{ kind: 'run', command, undo: 'none' }]
}
