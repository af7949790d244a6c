import type { Artifact } from '../artifacts/artifact.ts'
import type { Change, Resource } from '../engine/resource.ts'
import { sh } from '../transport/command.ts'
import { delivery } from './artifact.ts'

/** A container image in containerd's `k8s.io` namespace under the reference that pods use. */
export function image(
  artifact: Artifact,
  reference: string,
  socket = '/run/containerd/containerd.sock',
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
                sh`${images} import --local "$KW_FILE" >/dev/null
${tag}`,
                [],
              ),
            ],
          },
  }
}
