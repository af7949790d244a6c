import type { Change, Resource } from '../engine/resource.ts'
import { listedNodes, nodeList } from '../kubernetes/node-list.ts'
import { sh } from '../transport/command.ts'
import type { ApiAccess } from './api-object.ts'
import type { FilesResource } from './file.ts'

export interface ContactOptions {
  readonly node: string
  readonly api: ApiAccess
  /** What the kubelet reads when it starts. */
  readonly inputs: readonly FilesResource[]
}

/**
 * The kubelet of a new control plane, which has to be there before its API server, is in touch with it. It asks more and more
 * seldom, up to every half a minute, and starts no pod until it has read the services: started again, it asks at once.
 */
export function kubeletContact({ node, api, inputs }: ContactOptions): Resource<boolean> {
  const paths = inputs.flatMap((input) => input.files)
  const command = sh`kw_start restart kubelet.service "$(kw_inputs ${paths})"`
  return {
    id: 'kubelet-contact',
    probe: {
      script: nodeList(api.server),
      parse: (output) => listedNodes(output).some(({ name, ready }) => name === node && ready),
    },
    // That the node is Ready takes a network, too, which comes later.
    proof: {
      script: sh`systemctl is-active kubelet.service`,
      parse: (output) => output.trim() === 'active',
    },
    compare: (inTouch): Change | undefined =>
      inTouch
        ? undefined
        : {
            verb: 'restart',
            summary: 'restart kubelet.service, so that it asks the API server at once',
            impact: 'none',
            actions: [{ kind: 'run', command, undo: 'none' }],
          },
  }
}
