import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { $ } from '../../shell.ts'
import { finalPath, imageOutput, type Output, type Recipe } from '../recipe.ts'
import { unpackedPackage } from '../debian.ts'
import { goBuild, moduleDirectory } from '../go.ts'
import { layerTree, writeImage } from '../image.ts'
import { netfilterTree } from '../userland.ts'
import { versions } from '../versions.ts'
import { cniPlugins } from './runtime.ts'

const module = 'github.com/projectcalico/calico'
const reference = (name: string): string => `docker.io/calico/${name}:v${versions.calico}`
const manifest: Output = {
  name: 'calico',
  version: versions.calico,
  kind: 'manifest',
  upstream: {
    url: `https://raw.githubusercontent.com/projectcalico/calico/v${versions.calico}/manifests/calico-vxlan.yaml`,
  },
}

/** Calico with its VXLAN manifest; the BGP daemon of upstream's image is not a Go program and not here. */
export const calico: Recipe = {
  title: `Calico ${versions.calico}`,
  outputs: [...['node', 'cni', 'kube-controllers'].map((name) => imageOutput(reference(name))), manifest],
  build: async (scratch) => {
    const source = await moduleDirectory(module, versions.calicoModule)
    const out = await programs(scratch, [
      'node/cmd/calico-node',
      'cni-plugin/cmd/calico',
      'cni-plugin/cmd/install',
      'kube-controllers/cmd/kube-controllers',
      'kube-controllers/cmd/check-status',
    ])
    const node = await nodeImage(scratch, source, join(out, 'calico-node'))
    const cni = await cniImage(scratch, out)
    const controllers = await controllersImage(scratch, out)
    const document = join(scratch, 'calico.yaml')
    await copyFile(join(source, 'manifests/calico-vxlan.yaml'), document)
    return { node, cni, 'kube-controllers': controllers, calico: document }
  },
}

/** Typha, which larger clusters have between Calico and the API. */
export const typha: Recipe = {
  title: `Calico Typha ${versions.calico}`,
  outputs: [imageOutput(reference('typha'))],
  build: async (scratch) => {
    const source = await moduleDirectory(module, versions.calicoModule)
    const out = await programs(scratch, ['typha/cmd/calico-typha'])
    const tree = await layerTree(join(scratch, 'tree-typha'), {
      'usr/bin/calico-typha': join(out, 'calico-typha'),
      'etc/calico/typha.cfg': join(source, 'typha/docker-image/typha.cfg'),
    })
    const file = join(scratch, 'typha.tar')
    const command = ['/usr/bin/calico-typha']
    await writeImage(scratch, file, {
      reference: reference('typha'),
      layers: [tree],
      entrypoint: [],
      command,
      user: '999',
    })
    return { typha: file }
  },
}

function programs(scratch: string, packages: readonly string[]): Promise<string> {
  return goBuild(scratch, {
    module,
    version: versions.calicoModule,
    packages,
    ldflags: [
      `-X ${module}/node/pkg/lifecycle/startup.VERSION=v${versions.calico}`,
      `-X ${module}/node/buildinfo.GitVersion=v${versions.calico}`,
      `-X main.VERSION=v${versions.calico}`,
    ],
    // The directory of the API in Calico's repository is a module of its own, at the commit of this release.
    replace: ['github.com/projectcalico/api => github.com/projectcalico/api v0.0.0-20240708202104-e3f70b269c2c'],
  })
}

async function nodeImage(scratch: string, source: string, program: string): Promise<string> {
  const tree = await layerTree(join(scratch, 'tree-node'), { 'usr/bin/calico-node': program })
  await $`cp -r --no-preserve=all ${source}/node/filesystem/etc ${tree}/etc`
  await $`cp -r --no-preserve=all ${source}/node/filesystem/sbin ${tree}/usr/sbin`
  // A module keeps no file modes, and everything in here is a script.
  await $`chmod -R a+x ${tree}/etc/rc.local ${tree}/etc/service ${tree}/usr/sbin`
  const runit = await unpackedPackage(scratch, 'runit')
  for (const name of ['runsvdir', 'runsv', 'sv', 'svlogd', 'chpst']) {
    await $`install -m 0755 ${join(runit, 'usr/bin', name)} ${join(tree, 'usr/bin', name)}`
  }
  const file = join(scratch, 'node.tar')
  const layers = [await netfilterTree(scratch), tree]
  const environment = ['SVDIR=/etc/service/enabled']
  await writeImage(scratch, file, {
    reference: reference('node'),
    layers,
    entrypoint: [],
    command: ['start_runit'],
    environment,
  })
  return file
}

async function cniImage(scratch: string, out: string): Promise<string> {
  const tree = await layerTree(join(scratch, 'tree-cni'), {
    'opt/cni/bin/calico': join(out, 'calico'),
    'opt/cni/bin/calico-ipam': join(out, 'calico'), // one program, which looks at its name
    'opt/cni/bin/install': join(out, 'install'),
  })
  const plugins = ['bandwidth', 'host-local', 'loopback', 'portmap', 'tuning'].map((name) => `./${name}`)
  for (const output of cniPlugins.outputs) await $`tar -xf ${finalPath(output)} -C ${tree}/opt/cni/bin ${plugins}`
  const file = join(scratch, 'cni.tar')
  await writeImage(scratch, file, {
    reference: reference('cni'),
    layers: [tree],
    entrypoint: [],
    command: ['/opt/cni/bin/install'],
  })
  return file
}

async function controllersImage(scratch: string, out: string): Promise<string> {
  const tree = await layerTree(join(scratch, 'tree-controllers'), {
    'usr/bin/kube-controllers': join(out, 'kube-controllers'),
    'usr/bin/check-status': join(out, 'check-status'),
    'status/status.json': '/dev/null',
    'profiles/.keep': '/dev/null',
  })
  const file = join(scratch, 'kube-controllers.tar')
  const entrypoint = ['/usr/bin/kube-controllers']
  await writeImage(scratch, file, { reference: reference('kube-controllers'), layers: [tree], entrypoint })
  return file
}
