import { sh, type Command } from '../transport/command.ts'
import { inputsAnnotation } from './inputs.ts'

/** What is asked of a pod, by whoever waits for it. */
export interface ListedPod {
  readonly namespace: string
  readonly name: string
  readonly phase: string
  readonly ready: boolean
  /** It is on its way out, whoever comes after it. */
  readonly terminating: boolean
  /** Empty until the pod is placed. */
  readonly node: string
  /** The digest of what it reads when it starts; empty where it has none. */
  readonly inputs: string
  /** Name of the object that made it, which is the Deployment where there is one; empty for one that was made by hand. */
  readonly owner: string
}

const fields = [
  '{.metadata.namespace}',
  '{.metadata.name}',
  '{.status.phase}',
  '{.status.conditions[?(@.type=="Ready")].status}',
  '{.spec.nodeName}',
  `{.metadata.annotations.${inputsAnnotation.replaceAll('.', String.raw`\.`)}}`,
  '{.metadata.ownerReferences[*].name}',
  '{.metadata.labels.pod-template-hash}',
  '{.metadata.deletionTimestamp}',
].join('{"\\t"}')

/** Lists all pods; the same text for everybody who asks, so that one listing serves them all. For `listedPods`. */
export function podList(server: string): Command {
  return sh`[ -e /etc/kubernetes/admin.conf ] && kw_kubectl ${server} --request-timeout=10s get pods -A -o jsonpath=${`{range .items[*]}${fields}{"\\n"}{end}`}`
}

/** The pods of a listing; none where the API did not answer. */
export function listedPods(output: string): readonly ListedPod[] {
  const lines = output.split('\n').filter((line) => line !== '')
  return lines.map((line) => {
    const [namespace = '', name = '', phase = '', ready, node = '', inputs = '', maker = '', hash = '', deleted = ''] =
      line.split('\t')
    // A Deployment names its ReplicaSets by this hash.
    const owner = hash !== '' && maker.endsWith(`-${hash}`) ? maker.slice(0, -hash.length - 1) : maker
    return { namespace, name, phase, ready: ready === 'True', terminating: deleted !== '', node, inputs, owner }
  })
}
