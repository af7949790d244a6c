import { createHash } from 'node:crypto'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { $ } from '../shell.ts'
import { sha256Of } from './bundle.ts'
import { architecture } from './paths.ts'

/** An image to be made: directory trees stacked on nothing. */
export interface ImagePlan {
  readonly reference: string
  /** One directory a layer, lowest first; equal trees make equal layers, which a host then stores once. */
  readonly layers: readonly string[]
  readonly entrypoint: readonly string[]
  readonly command?: readonly string[]
  readonly environment?: readonly string[]
}

const epoch = '1970-01-01T00:00:00Z'

/**
 * Writes an image in the format of `podman save`. Nothing has to run inside the images of the lab, so a tar of tars does
 * it; unlike a container engine's, the result is the same bytes every time and leaves nothing in anybody's storage.
 */
export async function writeImage(scratch: string, file: string, plan: ImagePlan): Promise<void> {
  const directory = join(scratch, 'image', createHash('sha256').update(plan.reference).digest('hex').slice(0, 16))
  await mkdir(directory, { recursive: true })
  const digests: string[] = []
  for (const layer of plan.layers) digests.push(await writeLayer(directory, layer))
  const config = JSON.stringify(imageConfig(plan, digests))
  const configFile = `${createHash('sha256').update(config).digest('hex')}.json`
  const layerFiles = digests.map((digest) => `${digest}.tar`)
  await writeFile(join(directory, configFile), config)
  await writeFile(
    join(directory, 'manifest.json'),
    JSON.stringify([{ Config: configFile, RepoTags: [plan.reference], Layers: layerFiles }]),
  )
  await $`tar -C ${directory} --owner=0 --group=0 --numeric-owner --mtime=@0 -cf ${file} manifest.json ${configFile} ${[...new Set(layerFiles)]}`
  await $`rm -rf ${directory}`
}

async function writeLayer(directory: string, tree: string): Promise<string> {
  const temporary = join(directory, 'layer')
  await $`tar -C ${tree} --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -cf ${temporary} .`
  const digest = await sha256Of(temporary)
  await rename(temporary, join(directory, `${digest}.tar`))
  return digest
}

function imageConfig(plan: ImagePlan, digests: readonly string[]): object {
  return {
    created: epoch,
    architecture,
    os: 'linux',
    config: {
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...(plan.environment ?? [])],
      ...(plan.entrypoint.length === 0 ? {} : { Entrypoint: plan.entrypoint }),
      ...(plan.command === undefined ? {} : { Cmd: plan.command }),
      WorkingDir: '/',
    },
    rootfs: { type: 'layers', diff_ids: digests.map((digest) => `sha256:${digest}`) },
    history: digests.map(() => ({ created: epoch, created_by: 'kubewright lab' })),
  }
}

/** Lays files out as a layer: target paths on the left, files of this machine on the right. */
export async function layerTree(directory: string, files: Readonly<Record<string, string>>): Promise<string> {
  for (const [target, source] of Object.entries(files)) {
    await $`install -D -m 0755 ${source} ${join(directory, target)}`
  }
  return directory
}
