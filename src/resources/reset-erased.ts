import type { Change, Resource } from '../engine/resource.ts'
import { scriptFile } from '../host/script.ts'
import { lines, sh } from '../transport/command.ts'

/** What goes from one directory, which itself stays: it may be a disk of its own. */
export interface Content {
  readonly directory: string
  /** Patterns of names, as `find` takes them; everything but `lost+found` when not given. */
  readonly names?: readonly string[]
}

export interface Erased {
  readonly paths: readonly string[]
  /** Kilobytes, where it was asked for. */
  readonly size: number | undefined
}

export interface ErasedOptions {
  /** What it is, for the plan: `etcd's data`. */
  readonly what: string
  /** Whether the plan says how much it is; looking at large directories takes its time. */
  readonly measured?: boolean
}

/** Content of directories that is gone. Nothing is removed through a mount: a volume that is still there holds somebody's data. */
export function erased(
  name: string,
  contents: readonly Content[],
  { what, measured = false }: ErasedOptions,
): Resource<Erased> {
  const finds = contents.map(({ directory, names }) => {
    const tests = names?.flatMap((pattern, index) => [...(index === 0 ? [] : ['-o']), '-name', pattern])
    const wanted = tests === undefined ? ['!', '-name', 'lost+found'] : ['(', ...tests, ')']
    return sh`find -H ${directory} -mindepth 1 -maxdepth 1 ${wanted}`
  })
  const all = lines(...finds)
  return {
    id: `erased:${name}`,
    probe: {
      script: measured
        ? lines(
            all,
            sh`echo "size $( { ${all}
} | tr '\n' '\0' | du -skc --files0-from=- | tail -n 1 | cut -f 1)"`,
          )
        : all,
      parse: parseErased,
    },
    compare({ paths, size }): Change | undefined {
      if (paths.length === 0) return undefined
      const places = contents
        .map(({ directory }) => directory)
        .filter((place) => paths.some((path) => isIn(path, place)))
      const command = lines(scriptFile('host/reset.sh'), sh`kw_erase ${paths}`)
      return {
        verb: 'delete',
        summary: `remove ${what} in ${places.join(', ')}${size === undefined ? '' : ` (${sizeText(size)})`}`,
        diff: paths.map((path) => `-${path}`).join('\n'),
        impact: 'workload',
        actions: [{ kind: 'run', command, undo: 'none' }],
      }
    },
    digest: ({ paths }) => paths.length > 0,
  }
}

function isIn(path: string, directory: string): boolean {
  return path.startsWith(`${directory.replace(/\/+$/, '')}/`)
}

function sizeText(kilobytes: number): string {
  return kilobytes < 1024 ? `${kilobytes} KB` : `${Math.round(kilobytes / 1024)} MB`
}

function parseErased(output: string): Erased {
  const rows = output.split('\n').filter((line) => line !== '')
  const size = rows.find((row) => row.startsWith('size '))?.slice('size '.length)
  const paths = rows.filter((row) => row.startsWith('/'))
  return { paths: [...new Set(paths)].sort(), size: size === undefined || size === '' ? undefined : Number(size) }
}

/** Directories that a cluster needed, and that are of no use to anyone when there is nothing in them any more. `after` is what empties them. */
export function withoutEmpty(directories: readonly string[], after: readonly string[]): Resource<readonly string[]> {
  const functions = scriptFile('host/reset.sh')
  const command = lines(functions, sh`kw_prune ${directories} || exit 1`)
  const change = (summary: string): Change => ({
    verb: 'delete',
    summary,
    impact: 'none',
    actions: [{ kind: 'run', command, undo: 'inverse' }],
  })
  return {
    id: 'reset:directories',
    inputs: after,
    probe: {
      script: lines(functions, sh`kw_empty ${directories}`),
      parse: (output) => output.split('\n').filter((line) => line !== ''),
    },
    compare: (empty) => (empty.length === 0 ? undefined : change(`remove empty directories (${empty.join(', ')})`)),
    stale: () => change('remove the directories that are empty then'),
  }
}
