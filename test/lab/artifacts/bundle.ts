import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { chmod, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { $ } from '../shell.ts'
import { architecture, bundleDirectory } from './paths.ts'
import { bundlePath, finalPath, type Output, type Suffixes } from './recipe.ts'

/** One artifact as the bundle's index lists it. */
export interface IndexEntry {
  readonly name: string
  readonly version: string
  readonly architecture: string
  readonly kind: string
  readonly image?: string
  /** Of a program: its path in the archive. */
  readonly member?: string
  readonly file: string
  readonly sha256: string
  readonly size: number
}

const indexFile = join(bundleDirectory, 'index.json')

/** The artifacts that the bundle lists; an absent or broken index lists none, and is built anew. */
export async function readIndex(): Promise<readonly IndexEntry[]> {
  try {
    const index = JSON.parse(await readFile(indexFile, 'utf8')) as { artifacts?: IndexEntry[] }
    return index.artifacts ?? []
  } catch {
    return []
  }
}

/** Lists more artifacts, atomically and only after their files are in place. */
export async function addToIndex(entries: readonly IndexEntry[]): Promise<void> {
  const titleOf = ({ kind, name, version }: IndexEntry): string => `${kind} ${name} ${version}`
  const added = new Set(entries.map(titleOf))
  const kept = (await readIndex()).filter((entry) => !added.has(titleOf(entry)))
  const artifacts = [...kept, ...entries].sort((a, b) => a.file.localeCompare(b.file))
  const temporary = `${indexFile}.new`
  await mkdir(bundleDirectory, { recursive: true })
  await writeFile(temporary, `${JSON.stringify({ formatVersion: 1, artifacts }, null, 2)}\n`)
  await rename(temporary, indexFile)
}

/** Whether an output is in place, judged by its listed size: fast, and a cut-off write never has a final name. */
export async function isComplete(output: Output, index: readonly IndexEntry[], ends?: Suffixes): Promise<boolean> {
  const size = await stat(finalPath(output, ends)).then(
    (found) => found.size,
    () => 0,
  )
  if (output.kind === 'tool') return size > 0
  return index.some((entry) => entry.file === bundlePath(output, ends) && entry.size === size)
}

/** Moves a finished file to its final place and describes it for the index. */
export async function store(output: Output, built: string): Promise<IndexEntry> {
  const target = finalPath(output)
  await mkdir(dirname(target), { recursive: true })
  const file = await packed(output, built)
  await chmod(file, output.kind === 'tool' ? 0o755 : 0o644)
  const { size } = await stat(file)
  const sha256 = await sha256Of(file)
  await rename(file, target)
  return {
    name: output.name,
    version: output.version,
    architecture,
    kind: output.kind,
    ...(output.image === undefined ? {} : { image: output.image }),
    ...(output.kind === 'binary' ? { member: output.name } : {}),
    file: bundlePath(output),
    sha256,
    size,
  }
}

/** Programs travel in archives of zstd: a fifth of their bytes, and a third of a host's work for gzip. */
async function packed({ kind, name }: Output, built: string): Promise<string> {
  const archive = `${built}.packed`
  if (kind === 'archive') await $`gzip -dc ${built} | zstd -q -12 -f -o ${archive}`
  else if (kind === 'binary') {
    const tree = `${built}.tree`
    await $`install -D -m 0755 ${built} ${tree}/${name}`
    await $`tar -C ${tree} --owner=0 --group=0 --numeric-owner --mtime=@0 -cf - ${name} | zstd -q -12 -f -o ${archive}`
    await $`rm -rf ${tree}`
  } else return built
  await $`rm ${built}`
  return archive
}

/** The SHA-256 of a file, in hex. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}
