import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { progress, timed } from '../shell.ts'
import { addToIndex, type IndexEntry, isComplete, readIndex, store } from './bundle.ts'
import { cacheDirectory, bundleDirectory, workDirectory } from './paths.ts'
import { withLock } from '../lock.ts'
import { requirePrograms } from './prerequisites.ts'
import { earlierSuffixes, finalPath, type Recipe, type Suffixes } from './recipe.ts'
import { agnhost, flannel, haproxy, registry } from './recipes/addons.ts'
import { calico, typha } from './recipes/calico.ts'
import { coredns, etcd, pause } from './recipes/cluster.ts'
import { kubernetes } from './recipes/kubernetes.ts'
import { cniPlugins, containerd, runc } from './recipes/runtime.ts'
import { builtFile, fetchUpstream, upstreamAnswers } from './upstream.ts'
import { kubernetesReleases } from './versions.ts'

/** What to have in the bundle. */
export interface ArtifactOptions {
  /** Kubernetes releases; all that the lab knows by default. */
  readonly kubernetes?: readonly string[]
  /** Calico as well; a cluster with Flannel does not need it. */
  readonly calico?: boolean
}

/** Builds or fetches what the bundle and the tools lack, and answers the bundle's directory. */
export async function buildArtifacts(options: ArtifactOptions = {}): Promise<string> {
  const recipes = [
    ...recipesFor(options.kubernetes ?? Object.keys(kubernetesReleases)),
    ...(options.calico === true ? [calico, typha] : []),
  ]
  if ((await incomplete(recipes)).length > 0) {
    await mkdir(cacheDirectory, { recursive: true })
    await withLock(join(cacheDirectory, 'lock'), async () => makeMissing(recipes))
  }
  return bundleDirectory
}

/** What the bundle lacks for these Kubernetes releases. */
export async function missingArtifacts(kubernetes: readonly string[]): Promise<readonly string[]> {
  return (await incomplete(recipesFor(kubernetes))).map((recipe) => recipe.title)
}

function recipesFor(releases: readonly string[]): readonly Recipe[] {
  const [first = '', ...others] = releases
  return [
    containerd,
    runc,
    cniPlugins,
    kubernetes(first),
    etcd(first),
    coredns(first),
    flannel,
    pause,
    agnhost,
    haproxy,
    ...others.flatMap((release) => [kubernetes(release), etcd(release), coredns(release)]),
    registry,
  ]
}

async function incomplete(recipes: readonly Recipe[]): Promise<readonly Recipe[]> {
  const index = await readIndex()
  const made = await Promise.all(recipes.map((recipe) => isMade(recipe, index)))
  return recipes.filter((_, position) => made[position] !== true)
}

async function isMade({ outputs }: Recipe, index: readonly IndexEntry[], ends?: Suffixes): Promise<boolean> {
  return (await Promise.all(outputs.map((output) => isComplete(output, index, ends)))).every(Boolean)
}

async function makeMissing(recipes: readonly Recipe[]): Promise<void> {
  await rm(workDirectory, { recursive: true, force: true })
  const fromUpstream = await upstreamAnswers()
  progress(fromUpstream ? 'Upstream answers: fetching.' : 'Upstream does not answer: building from Go modules.')
  await requirePrograms(fromUpstream)
  const missing = await incomplete(recipes)
  for (const [position, recipe] of missing.entries()) {
    await timed(`[${position + 1}/${missing.length}] ${recipe.title}`, () => make(recipe, fromUpstream))
  }
  await rm(workDirectory, { recursive: true, force: true })
}

/** What a cache from before programs were packed has of a recipe, if it has all: to build it anew takes half an hour. */
async function unpacked(recipe: Recipe): Promise<Readonly<Record<string, string>> | undefined> {
  if (!(await isMade(recipe, await readIndex(), earlierSuffixes))) return undefined
  return Object.fromEntries(recipe.outputs.map((output) => [output.name, finalPath(output, earlierSuffixes)]))
}

async function make(recipe: Recipe, fromUpstream: boolean): Promise<void> {
  const scratch = join(workDirectory, recipe.title.replaceAll(' ', '-'))
  await mkdir(scratch, { recursive: true })
  const built = (await unpacked(recipe)) ?? (fromUpstream ? undefined : await recipe.build(scratch))
  const entries = []
  for (const output of recipe.outputs) {
    const file = built === undefined ? await fetchUpstream(scratch, output) : builtFile(built, output)
    const entry = await store(output, file)
    if (output.kind !== 'tool') entries.push(entry)
  }
  await recipe.verify?.()
  await addToIndex(entries)
  await rm(scratch, { recursive: true, force: true })
}
