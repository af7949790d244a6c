import { buildArtifacts } from '../lab/index.ts'

/** Before the first of these tests: everything that clusters are made of. It takes long once, and is seconds from then on. */
export async function setup(): Promise<void> {
  await buildArtifacts({ calico: true })
}
