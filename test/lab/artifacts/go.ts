import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { $ } from '../shell.ts'

/** Programs to build from one published Go module. */
export interface GoBuild {
  readonly module: string
  readonly version: string
  /** Packages relative to the module. */
  readonly packages: readonly string[]
  readonly ldflags?: readonly string[]
  readonly tags?: string
  /** Needs a C compiler; the result must link statically by its own flags. */
  readonly cgo?: boolean
  /** The version of the modules that this one replaces by directories of its own repository; without it these lines are dropped. */
  readonly stagingVersion?: string
  /** More `replace` lines, as `old => new version`. */
  readonly replace?: readonly string[]
}

interface GoMod {
  readonly Go?: string
  readonly Godebug?: readonly { readonly Key: string; readonly Value: string }[] | null
  readonly Replace?: readonly Replacement[] | null
}

interface Replacement {
  readonly Old: { readonly Path: string; readonly Version?: string }
  readonly New: { readonly Path: string; readonly Version?: string }
}

/** The directory of a module's sources in Go's module cache. */
export async function moduleDirectory(module: string, version: string): Promise<string> {
  return (await $`go mod download -json ${module}@v${version}`.json<{ Dir: string }>()).Dir
}

/**
 * Builds programs from a published module and answers the directory that holds them.
 * A module's own `replace` lines do not count when it is a dependency, so a wrapper module around it repeats them.
 */
export async function goBuild(scratch: string, build: GoBuild): Promise<string> {
  const source = await moduleDirectory(build.module, build.version)
  const wrapper = join(scratch, 'wrapper', build.module, build.version)
  const out = join(wrapper, 'out')
  await mkdir(out, { recursive: true })
  await writeFile(
    join(wrapper, 'go.mod'),
    wrapperModule(build, await $`go mod edit -json ${source}/go.mod`.json<GoMod>()),
  )
  await copyFile(join(source, 'go.sum'), join(wrapper, 'go.sum'))
  await chmod(join(wrapper, 'go.sum'), 0o644) // the module cache is read-only, our copy must not be
  const packages = build.packages.map((name) => `${build.module}/${name}`)
  const ldflags = ['-s', '-w', ...(build.ldflags ?? [])].join(' ')
  const tags = build.tags === undefined ? [] : ['-tags', build.tags]
  await $({
    cwd: wrapper,
    env: { ...process.env, CGO_ENABLED: build.cgo === true ? '1' : '0' },
  })`nice go build -mod=mod -trimpath ${tags} -ldflags ${ldflags} -o ${`${out}/`} ${packages}`
  return out
}

function wrapperModule(build: GoBuild, mod: GoMod): string {
  return [
    'module kubewright.lab/wrapper',
    `go ${mod.Go ?? '1.21'}`,
    ...(mod.Godebug ?? []).map(({ Key, Value }) => `godebug ${Key}=${Value}`),
    `require ${build.module} v${build.version}`,
    ...(mod.Replace ?? []).flatMap((line) => repeated(line, build.stagingVersion)),
    ...(build.replace ?? []).map((line) => `replace ${line}`),
    '',
  ].join('\n')
}

function repeated({ Old, New }: Replacement, stagingVersion: string | undefined): readonly string[] {
  if (!New.Path.startsWith('.')) return [`replace ${spelled(Old)} => ${spelled(New)}`]
  return stagingVersion === undefined ? [] : [`replace ${Old.Path} => ${Old.Path} v${stagingVersion}`]
}

function spelled({ Path, Version }: { readonly Path: string; readonly Version?: string }): string {
  return Version === undefined ? Path : `${Path} ${Version}`
}
