import { programVersions } from '../../artifacts/catalog.ts'
import { artifactFiles } from '../../resources/artifact.ts'
import type { FilesResource } from '../../resources/file.ts'
import type { Context } from '../context.ts'

/** A containerd that a package (or Docker's) brought, with a service of its own. */
export interface AdoptedContainerd {
  readonly path: string
  readonly version: string
}

/**
 * The containerd of somebody else that this node uses: none of ours is installed beside it, and its service stays its own.
 * Preflight refuses one that is too old. A program without a service is none, be it what an interrupted run of ours left.
 */
export function adoptedContainerd({ facts }: Pick<Context, 'facts'>): AdoptedContainerd | undefined {
  const { programs, units } = facts.survey
  const { containerd } = programs
  const service = units['containerd']
  if (containerd === undefined || service === undefined || service.fragment === '') return undefined
  const isOurs = (path: string): boolean => facts.state.installed[path] !== undefined
  return isOurs(containerd.path) || isOurs(service.fragment) ? undefined : containerd
}

/** The version of the containerd that runs on this node in the end. */
export function containerdVersion(context: Pick<Context, 'cluster' | 'facts'>): string {
  return adoptedContainerd(context)?.version ?? programVersions(context.cluster.kubernetesVersion).containerd
}

/** Whether that is a containerd 1.x, which has an older configuration and no transfer service for imports. */
export function isContainerd1(context: Pick<Context, 'cluster' | 'facts'>): boolean {
  return containerdVersion(context).startsWith('1.')
}

/** Our containerd; nothing where another one is adopted. */
export function containerdPrograms(context: Context): readonly FilesResource[] {
  if (adoptedContainerd(context) !== undefined) return []
  const { cluster, facts, artifacts, deep } = context
  const { containerd } = programVersions(cluster.kubernetesVersion)
  const programs = ['containerd', 'containerd-shim-runc-v2', 'ctr']
  return [
    artifactFiles(
      artifacts.find('containerd', containerd, facts.architecture),
      programs.map((name) => ({ member: `bin/${name}`, path: `/usr/local/bin/${name}` })),
      { deep },
    ),
  ]
}
