import { createHash } from 'node:crypto'
import { mkdir, rename, stat, writeFile } from 'node:fs/promises'
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
  /** Id of the user that it runs as; root when not given. */
  readonly user?: string
}

const epoch = '1970-01-01T00:00:00Z'

/**
 * Writes an image as a tar of an OCI image layout with layers of zstd, a quarter of the bytes and of a host's work. Nothing
 * has to run inside the images of the lab, so files and tar do it; unlike a container engine's, the result is the same bytes
 * every time and leaves nothing in anybody's storage.
 */
export async function writeImage(scratch: string, file: string, plan: ImagePlan): Promise<void> {
  const directory = join(scratch, 'image', createHash('sha256').update(plan.reference).digest('hex').slice(0, 16))
  await mkdir(join(directory, 'blobs/sha256'), { recursive: true })
  const layers: Layer[] = []
  for (const tree of plan.layers) layers.push(await writeLayer(directory, tree))
  const diffIds = layers.map(({ diffId }) => diffId)
  const config = await writeBlob(directory, `${oci}.image.config.v1+json`, imageConfig(plan, diffIds))
  const manifest = await writeBlob(directory, `${oci}.image.manifest.v1+json`, {
    schemaVersion: 2,
    mediaType: `${oci}.image.manifest.v1+json`,
    config,
    layers: layers.map(({ descriptor }) => descriptor),
  })
  const manifests = [{ ...manifest, annotations: { 'io.containerd.image.name': plan.reference } }]
  await writeJson(join(directory, 'oci-layout'), { imageLayoutVersion: '1.0.0' })
  await writeJson(join(directory, 'index.json'), {
    schemaVersion: 2,
    mediaType: `${oci}.image.index.v1+json`,
    manifests,
  })
  await $`tar -C ${directory} --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -cf ${file} oci-layout index.json blobs`
  await $`rm -rf ${directory}`
}

const oci = 'application/vnd.oci'

interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

interface Layer {
  readonly descriptor: Descriptor
  /** The digest of the layer before compression. */
  readonly diffId: string
}

async function writeLayer(directory: string, tree: string): Promise<Layer> {
  const plain = join(directory, 'layer.tar')
  const compressed = `${plain}.zst`
  await $`tar -C ${tree} --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -cf ${plain} .`
  const diffId = `sha256:${await sha256Of(plain)}`
  await $`zstd -q -9 --rm ${plain} -o ${compressed}`
  const [hex, { size }] = [await sha256Of(compressed), await stat(compressed)]
  await rename(compressed, join(directory, 'blobs/sha256', hex))
  return { descriptor: { mediaType: `${oci}.image.layer.v1.tar+zstd`, digest: `sha256:${hex}`, size }, diffId }
}

async function writeBlob(directory: string, mediaType: string, value: object): Promise<Descriptor> {
  const text = JSON.stringify(value)
  const hex = createHash('sha256').update(text).digest('hex')
  await writeFile(join(directory, 'blobs/sha256', hex), text)
  return { mediaType, digest: `sha256:${hex}`, size: Buffer.byteLength(text) }
}

async function writeJson(file: string, value: object): Promise<void> {
  await writeFile(file, JSON.stringify(value))
}

function imageConfig(plan: ImagePlan, diffIds: readonly string[]): object {
  return {
    created: epoch,
    architecture,
    os: 'linux',
    config: {
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...(plan.environment ?? [])],
      ...(plan.entrypoint.length === 0 ? {} : { Entrypoint: plan.entrypoint }),
      ...(plan.command === undefined ? {} : { Cmd: plan.command }),
      ...(plan.user === undefined ? {} : { User: plan.user }),
      WorkingDir: '/',
    },
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: diffIds.map(() => ({ created: epoch, created_by: 'kubewright lab' })),
  }
}

/** Lays files out as a layer: target paths on the left, files of this machine on the right. */
export async function layerTree(directory: string, files: Readonly<Record<string, string>>): Promise<string> {
  for (const [target, source] of Object.entries(files)) {
    await $`install -D -m 0755 ${source} ${join(directory, target)}`
  }
  return directory
}
