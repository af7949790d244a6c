import { join } from 'node:path'
import { architecture, bundleDirectory, toolsDirectory } from './paths.ts'

/** Where upstream publishes a file: a URL, one member of an archive behind a URL, or an image in its registry. */
export type Upstream = { readonly url: string; readonly member?: string } | { readonly image: string }

/** One file that a recipe makes: an artifact of the bundle, or a tool that only tests use. */
export interface Output {
  readonly name: string
  readonly version: string
  readonly kind: 'binary' | 'archive' | 'image' | 'manifest' | 'tool'
  /** The reference of an image, which is also its place upstream. */
  readonly image?: string
  /** The path of a tool below the tools directory. */
  readonly tool?: string
  readonly upstream: Upstream
}

/** Things that are built together because they share sources. */
export interface Recipe {
  readonly title: string
  readonly outputs: readonly Output[]
  /** Builds the outputs from Go modules and Debian packages; the answer gives the built file of each output by its name. */
  readonly build: (scratch: string) => Promise<Readonly<Record<string, string>>>
  /** Asks the finished outputs whether they are what they should be. */
  readonly verify?: () => Promise<void>
}

/** An image output: its name is the last part of the repository, its version the tag. */
export function imageOutput(reference: string): Output {
  const [repository = '', tag = ''] = splitOnce(reference, reference.lastIndexOf(':'))
  const name = repository.slice(repository.lastIndexOf('/') + 1)
  return { name, version: tag.replace(/^v/, ''), kind: 'image', image: reference, upstream: { image: reference } }
}

/** How the files of a bundle end, by their kind. */
export type Suffixes = Readonly<Record<Output['kind'], string>>

const suffixes: Suffixes = { binary: '.tar.zst', archive: '.tar.zst', image: '.tar', manifest: '.yaml', tool: '' }

/** Those of a cache from before programs were packed. */
export const earlierSuffixes: Suffixes = { ...suffixes, binary: '', archive: '.tar.gz' }

/** The path of a bundle artifact relative to the bundle. */
export function bundlePath(output: Output, ends = suffixes): string {
  return join(output.name, output.version, architecture, `${output.name}${ends[output.kind]}`)
}

/** The final place of an output. */
export function finalPath(output: Output, ends = suffixes): string {
  return output.tool === undefined ? join(bundleDirectory, bundlePath(output, ends)) : join(toolsDirectory, output.tool)
}

function splitOnce(text: string, at: number): readonly string[] {
  return [text.slice(0, at), text.slice(at + 1)]
}
