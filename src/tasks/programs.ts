import type { Resource } from '../engine/resource.ts'
import { artifactFiles } from '../resources/artifact.ts'
import type { FilesResource } from '../resources/file.ts'
import { selinuxLabels } from '../resources/selinux.ts'
import type { Context } from './context.ts'

/** One program of an artifact of the same name. */
export function program(
  { facts, artifacts, deep }: Context,
  name: string,
  version: string,
  path: string,
): FilesResource {
  return artifactFiles(artifacts.find(name, version, facts.architecture), [{ member: name, path }], { deep })
}

/** The labels that the policy has for programs at their places, where SELinux is on. */
export function programLabels({ facts }: Context, programs: readonly FilesResource[]): readonly Resource[] {
  if (facts.selinux !== 'enforcing' && facts.selinux !== 'permissive') return []
  const files = programs.flatMap((each) => each.files)
  return files.length === 0 ? [] : [selinuxLabels(files)]
}
