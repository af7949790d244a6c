import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { unpackedPackage } from '../debian.ts'
import { goBuild, moduleDirectory } from '../go.ts'
import { layerTree, writeImage } from '../image.ts'
import { architecture } from '../paths.ts'
import { imageOutput, type Recipe } from '../recipe.ts'
import { busyboxTree, netfilterTree, programTree } from '../userland.ts'
import { newestKubernetes, versions } from '../versions.ts'

const flannelModule = 'github.com/flannel-io/flannel'
const flannelImage = `ghcr.io/flannel-io/flannel:v${versions.flannel}`
const flannelCniImage = `ghcr.io/flannel-io/flannel-cni-plugin:v${versions.flannelCniPlugin}`
const haproxyImage = `docker.io/library/haproxy:${versions.haproxy}`
const agnhostImage = `registry.k8s.io/e2e-test-images/agnhost:${versions.agnhost}`

/** Flannel: the daemon, the plugin that its manifest copies to each host, and the manifest. */
export const flannel: Recipe = {
  title: `Flannel ${versions.flannel}`,
  outputs: [
    imageOutput(flannelCniImage),
    // Both have the name flannel; the image comes under a key of its own in the answer of build.
    imageOutput(flannelImage),
    {
      name: 'flannel',
      version: versions.flannel,
      kind: 'manifest',
      upstream: { url: `https://${flannelModule}/releases/download/v${versions.flannel}/kube-flannel.yml` },
    },
  ],
  build: async (scratch) => {
    const daemon = await goBuild(scratch, {
      module: flannelModule,
      version: versions.flannel,
      packages: ['.'],
      cgo: true, // the UDP backend is C
      tags: 'netgo,osusergo',
      ldflags: [`-X ${flannelModule}/pkg/version.Version=v${versions.flannel}`, '-extldflags -static'],
      // The version that flannel asks for is gone from its publisher.
      replace: [
        'github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common => github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common v1.3.103',
      ],
    })
    const plugin = await goBuild(scratch, {
      module: 'github.com/containernetworking/plugins',
      version: versions.flannelPluginModule,
      packages: ['plugins/meta/flannel'],
    })
    const daemonTree = await layerTree(join(scratch, 'tree-daemon'), { 'opt/bin/flanneld': join(daemon, 'flannel') })
    const pluginTree = await layerTree(join(scratch, 'tree-plugin'), { flannel: join(plugin, 'flannel') })
    const files = {
      image: join(scratch, 'flannel.tar'),
      plugin: join(scratch, 'flannel-cni-plugin.tar'),
      manifest: join(scratch, 'flannel.yaml'),
    }
    const daemonLayers = [await netfilterTree(scratch), daemonTree]
    const pluginLayers = [await busyboxTree(scratch), pluginTree]
    await writeImage(scratch, files.image, {
      reference: flannelImage,
      layers: daemonLayers,
      entrypoint: ['/opt/bin/flanneld'],
    })
    await writeImage(scratch, files.plugin, {
      reference: flannelCniImage,
      layers: pluginLayers,
      entrypoint: ['/bin/sh'],
    })
    await copyFile(
      join(await moduleDirectory(flannelModule, versions.flannel), 'Documentation/kube-flannel.yml'),
      files.manifest,
    )
    return { 'flannel-cni-plugin': files.plugin, 'flannel.tar': files.image, 'flannel.yaml': files.manifest }
  },
}

/** The test image of Kubernetes: a web server, a client and more, with a shell. */
export const agnhost: Recipe = {
  title: `agnhost ${versions.agnhost}`,
  outputs: [imageOutput(agnhostImage)],
  build: async (scratch) => {
    const source = join(await moduleDirectory('k8s.io/kubernetes', newestKubernetes), 'test/images/agnhost')
    const version = (await readFile(join(source, 'VERSION'), 'utf8')).trim()
    if (version !== versions.agnhost) {
      throw new Error(
        `Kubernetes ${newestKubernetes} has agnhost ${version}, not ${versions.agnhost}: correct test/lab/artifacts/versions.ts.`,
      )
    }
    const [, minor = '', patch = ''] = newestKubernetes.split('.')
    const out = await goBuild(scratch, {
      module: 'k8s.io/kubernetes',
      version: newestKubernetes,
      stagingVersion: `0.${minor}.${patch}`,
      packages: ['test/images/agnhost'],
    })
    const tree = await layerTree(join(scratch, 'tree'), {
      agnhost: join(out, 'agnhost'),
      'localhost.crt': join(source, 'porter/localhost.crt'),
      'localhost.key': join(source, 'porter/localhost.key'),
      'uploads/.keep': '/dev/null',
    })
    const file = join(scratch, 'agnhost.tar')
    const layers = [await busyboxTree(scratch), tree]
    await writeImage(scratch, file, { reference: agnhostImage, layers, entrypoint: ['/agnhost'], command: ['pause'] })
    return { agnhost: file }
  },
}

/** The proxy from a node to all control planes. */
export const haproxy: Recipe = {
  title: `haproxy ${versions.haproxy}`,
  outputs: [imageOutput(haproxyImage)],
  build: async (scratch) => {
    const program = join(await unpackedPackage(scratch, 'haproxy'), 'usr/sbin/haproxy')
    const file = join(scratch, 'haproxy.tar')
    const tree = await programTree(join(scratch, 'tree'), program, 'usr/local/sbin/haproxy')
    await writeImage(scratch, file, { reference: haproxyImage, layers: [tree], entrypoint: ['haproxy'] })
    return { haproxy: file }
  },
}

/** A container registry, for tests of mirrors. */
export const registry: Recipe = {
  title: `registry ${versions.registry}`,
  outputs: [
    {
      name: 'registry',
      version: versions.registry,
      kind: 'tool',
      tool: 'registry',
      upstream: {
        url: `https://github.com/distribution/distribution/releases/download/v${versions.registry}/registry_${versions.registry}_linux_${architecture}.tar.gz`,
        member: 'registry',
      },
    },
  ],
  build: async (scratch) => {
    const out = await goBuild(scratch, {
      module: 'github.com/distribution/distribution/v3',
      version: versions.registry,
      packages: ['cmd/registry'],
    })
    return { registry: join(out, 'registry') }
  },
}
