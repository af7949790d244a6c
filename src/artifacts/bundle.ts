import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { KubewrightError } from '../engine/errors.ts'
import type { Artifact, ArtifactIndex } from './artifact.ts'

const entry = z.object({
  name: z.string(),
  version: z.string(),
  architecture: z.string(),
  kind: z.enum(['binary', 'archive', 'image', 'manifest']),
  file: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  size: z.number().int().nonnegative(),
  image: z.string().optional(),
  member: z.string().optional(),
})

const bundleSchema = z.object({ formatVersion: z.literal(1), artifacts: z.array(entry) })

/** Reads `index.json` of a bundle directory; the files themselves are checked when they arrive on a host. */
export async function openBundle(directory: string): Promise<ArtifactIndex> {
  const path = join(directory, 'index.json')
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw unreadable(path, 'could not be read', cause)
  })
  return parseBundleIndex(text, path, (file) => ({ file: join(directory, file) }))
}

/** Parses the text of an `index.json`; `locate` says where a file of it is. */
export function parseBundleIndex(
  text: string,
  path: string,
  locate: (file: string, sha256: string) => Artifact['from'],
): ArtifactIndex {
  const parsed = bundleSchema.safeParse(parseJson(text, path))
  if (!parsed.success) throw unreadable(path, `is not an index of format 1 (${z.prettifyError(parsed.error)})`)
  const artifacts = parsed.data.artifacts.map(({ file, image, member, ...rest }): Artifact => ({
    ...rest,
    image,
    member,
    from: locate(file, rest.sha256),
  }))
  const zstd = parsed.data.artifacts.some(({ file }) => file.endsWith('.zst'))
  return artifactIndex(artifacts, path, { zstd })
}

/** An index over artifacts; `where` names the source in errors. */
export function artifactIndex(
  artifacts: readonly Artifact[],
  where: string,
  { zstd }: Pick<ArtifactIndex, 'zstd'> = { zstd: false },
): ArtifactIndex {
  const known = new Map(artifacts.map((each) => [keyOf(each), each]))
  const lookUp = (title: string, architecture: string): Artifact | undefined =>
    known.get(`${title} ${architecture}`) ?? known.get(`${title} any`)
  const required = (title: string, architecture: string): Artifact => {
    const found = lookUp(title, architecture)
    if (found === undefined) throw missing(where, title, architecture)
    return found
  }
  const content = artifacts.map((each) => [keyOf(each), each.sha256])
  return {
    digest: createHash('sha256').update(JSON.stringify(content)).digest('hex'),
    zstd,
    has: (name, version, architecture) => lookUp(`${name} ${version}`, architecture) !== undefined,
    find: (name, version, architecture) => required(`${name} ${version}`, architecture),
    findImage: (reference, architecture) => required(`image ${reference}`, architecture),
  }
}

function keyOf({ kind, name, version, architecture, image }: Artifact): string {
  return kind === 'image' ? `image ${image ?? name} ${architecture}` : `${name} ${version} ${architecture}`
}

function missing(where: string, title: string, architecture: string): KubewrightError {
  return new KubewrightError({
    code: 'KW4001',
    exit: 'refused',
    message: `${where} has no ${title} for ${architecture}`,
    hint: 'Use a bundle or mirror that was made for this Kubernetes version and these architectures.',
  })
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw unreadable(path, 'is not JSON', cause)
  }
}

function unreadable(path: string, what: string, cause?: unknown): KubewrightError {
  return new KubewrightError({
    code: 'KW4002',
    exit: 'refused',
    message: `The artifact index ${path} ${what}`,
    hint: 'spec.artifacts must name a directory (or a URL) that holds index.json and the files that it lists.',
    cause,
  })
}
