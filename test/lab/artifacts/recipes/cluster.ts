import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { $ } from '../../shell.ts'
import { goBuild, moduleDirectory } from '../go.ts'
import { layerTree, writeImage } from '../image.ts'
import { architecture } from '../paths.ts'
import { imageOutput, type Recipe } from '../recipe.ts'
import { newestKubernetes, releaseOf, versions } from '../versions.ts'

/** etcd as an image, and its two command line programs for the hosts. */
export function etcd(kubernetes: string): Recipe {
  const { etcd: version, etcdImage } = releaseOf(kubernetes)
  const release = `https://github.com/etcd-io/etcd/releases/download/v${version}`
  const folder = `etcd-v${version}-linux-${architecture}`
  const image = imageOutput(`registry.k8s.io/etcd:${etcdImage}`)
  return {
    title: `etcd ${version}`,
    outputs: [
      ...['etcdctl', 'etcdutl'].map((name) => ({
        name,
        version,
        kind: 'binary' as const,
        upstream: { url: `${release}/${folder}.tar.gz`, member: `${folder}/${name}` },
      })),
      image,
    ],
    build: async (scratch) => {
      const [server = '', etcdctl = '', etcdutl = ''] = await buildEach(scratch, version, [
        'server',
        'etcdctl',
        'etcdutl',
      ])
      const tree = await layerTree(join(scratch, 'tree-etcd'), {
        'usr/local/bin/etcd': server,
        'usr/local/bin/etcdctl': etcdctl,
        'usr/local/bin/etcdutl': etcdutl,
      })
      const file = join(scratch, 'etcd.tar')
      await writeImage(scratch, file, {
        reference: image.image ?? '',
        layers: [tree],
        entrypoint: ['/usr/local/bin/etcd'],
      })
      return { etcd: file, etcdctl, etcdutl }
    },
  }
}

async function buildEach(scratch: string, version: string, parts: readonly string[]): Promise<readonly string[]> {
  const files: string[] = []
  for (const part of parts) {
    const module = `go.etcd.io/etcd/${part}/v3`
    files.push(join(await goBuild(scratch, { module, version, packages: ['.'] }), part))
  }
  return files
}

/** The cluster's name server. */
export function coredns(kubernetes: string): Recipe {
  const { coredns: version } = releaseOf(kubernetes)
  const image = imageOutput(`registry.k8s.io/coredns/coredns:v${version}`)
  return {
    title: `CoreDNS ${version}`,
    outputs: [image],
    build: async (scratch) => {
      const out = await goBuild(scratch, { module: 'github.com/coredns/coredns', version, packages: ['.'] })
      const tree = await layerTree(join(scratch, 'tree'), { coredns: join(out, 'coredns') })
      const file = join(scratch, 'coredns.tar')
      await writeImage(scratch, file, { reference: image.image ?? '', layers: [tree], entrypoint: ['/coredns'] })
      return { coredns: file }
    },
  }
}

/** The process that holds a pod's namespaces: a few lines of C from Kubernetes itself. */
export const pause: Recipe = {
  title: `pause ${versions.pause}`,
  outputs: [imageOutput(`registry.k8s.io/pause:${versions.pause}`)],
  build: async (scratch) => {
    const source = join(await moduleDirectory('k8s.io/kubernetes', newestKubernetes), 'build/pause/linux/pause.c')
    const program = join(scratch, 'pause')
    await mkdir(scratch, { recursive: true })
    await $`gcc -Os -Wall -static ${`-DVERSION=v${versions.pause}`} -s -o ${program} ${source}`
    const tree = await layerTree(join(scratch, 'tree'), { pause: program })
    const file = join(scratch, 'pause.tar')
    const reference = `registry.k8s.io/pause:${versions.pause}`
    await writeImage(scratch, file, { reference, layers: [tree], entrypoint: ['/pause'] })
    return { pause: file }
  },
}
