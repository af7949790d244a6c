import type { Artifact } from '../artifacts/artifact.ts'
import type { Change, Resource } from '../engine/resource.ts'
import { sh } from '../transport/command.ts'
import { delivery } from './artifact.ts'

/**
 * A container image in containerd's `k8s.io` namespace under the reference that pods use. `local`: ctr imports it by itself, for a
 * third less of the processor than by containerd's transfer service, which only newer ones have.
 */
export function image(
  artifact: Artifact,
  reference: string,
  { socket, local }: { readonly socket: string; readonly local: boolean },
): Resource<boolean> {
  const upstream = artifact.image ?? reference
  const images = sh`ctr --address ${socket} -n k8s.io images`
  const tag = upstream === reference ? sh`` : sh`${images} tag --force ${upstream} ${reference} >/dev/null`
  return {
    id: `image:${reference}`,
    probe: {
      // The same text for every image, so that one listing serves them all.
      script: sh`${images} ls -q`,
      parse: (output) => output.split('\n').includes(reference),
    },
    compare: (present): Change | undefined =>
      present
        ? undefined
        : {
            verb: 'create',
            summary: `import image ${reference}`,
            impact: 'none',
            actions: [
              delivery(
                artifact,
                sh`${images} import ${local ? ['--local'] : []} "$KW_FILE" >/dev/null
${tag}`,
                [],
              ),
            ],
          },
  }
}
