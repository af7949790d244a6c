import type { Change, Impact } from '../engine/resource.ts'
import { manifestsDirectory } from '../kubernetes/node.ts'
import type { KubernetesObject } from '../kubernetes/object.ts'
import { printYaml } from '../render/template.ts'
import { sh } from '../transport/command.ts'
import { file, type FileResource } from './file.ts'

/** The manifest of a static pod, renamed into the kubelet's directory; an update waits until the kubelet has taken it up. */
export function staticPod(pod: KubernetesObject, impact: Impact): FileResource {
  const component = pod.metadata.name
  const manifest = file(`${manifestsDirectory}/${component}.yaml`, printYaml(pod), { mode: 0o600, impact })
  return {
    ...manifest,
    compare(state): Change | undefined {
      const change = manifest.compare(state)
      if (change?.verb !== 'update' || change.diff === undefined) return change
      const note = { kind: 'run', command: sh`kw_before=$(kw_pods ${component})`, undo: 'none' } as const
      const wait = { kind: 'run', command: sh`kw_pod_replaced ${component} "$kw_before"`, undo: 'none' } as const
      return { ...change, actions: [note, ...change.actions, wait] }
    },
  }
}
