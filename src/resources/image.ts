import type { Artifact } from '../artifacts/artifact.ts'
import type { Change, Resource } from '../engine/resource.ts'
import { sh } from '../transport/command.ts'
import { delivery } from './artifact.ts'

/** A container image in containerd's `k8s.io` namespace under the reference that pods use. */
export function image(artifact: Artifact, reference: string): Resource<boolean> {
  const upstream = artifact.image ?? reference
  const tag = upstream === reference ? sh`` : sh`ctr -n k8s.io images tag --force ${upstream} ${reference}`
  return {
    id: `image:${reference}`,
    probe: {
      // The same text for every image, so that one listing serves them all.
      script: sh`ctr -n k8s.io images ls -q`,
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
                sh`ctr -n k8s.io images import "$KW_FILE" >/dev/null
${tag}`,
                [],
              ),
            ],
          },
  }
}
