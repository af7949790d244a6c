import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { chmod, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { architecture, bundleDirectory } from './paths.ts'
import { bundlePath, finalPath, type Output } from './recipe.ts'

/** One artifact as the bundle's index lists it. */
export interface IndexEntry {
  readonly name: string
  readonly version: string
  readonly architecture: string
  readonly kind: string
  readonly image?: string
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
  const added = new Set(entries.map((entry) => entry.file))
  const kept = (await readIndex()).filter((entry) => !added.has(entry.file))
  const artifacts = [...kept, ...entries].sort((a, b) => a.file.localeCompare(b.file))
  const temporary = `${indexFile}.new`
  await mkdir(bundleDirectory, { recursive: true })
  await writeFile(temporary, `${JSON.stringify({ formatVersion: 1, artifacts }, null, 2)}\n`)
  await rename(temporary, indexFile)
}

/** Whether an output is in place, judged by its listed size: fast, and a cut-off write never has a final name. */
export async function isComplete(output: Output, index: readonly IndexEntry[]): Promise<boolean> {
  const size = await stat(finalPath(output)).then(
    (found) => found.size,
    () => 0,
  )
  if (output.kind === 'tool') return size > 0
  return index.some((entry) => entry.file === bundlePath(output) && entry.size === size)
}

/** Moves a finished file to its final place and describes it for the index. */
export async function store(output: Output, built: string): Promise<IndexEntry> {
  const target = finalPath(output)
  await mkdir(dirname(target), { recursive: true })
  await chmod(built, output.kind === 'binary' || output.kind === 'tool' ? 0o755 : 0o644)
  const { size } = await stat(built)
  const sha256 = await sha256Of(built)
  await rename(built, target)
  return {
    name: output.name,
    version: output.version,
    architecture,
    kind: output.kind,
    ...(output.image === undefined ? {} : { image: output.image }),
    file: bundlePath(output),
    sha256,
    size,
  }
}

/** The SHA-256 of a file, in hex. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}
