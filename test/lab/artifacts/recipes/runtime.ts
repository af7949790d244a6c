import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { $ } from '../../shell.ts'
import { unpackedPackage } from '../debian.ts'
import { goBuild } from '../go.ts'
import { layerTree } from '../image.ts'
import { architecture } from '../paths.ts'
import type { Recipe } from '../recipe.ts'
import { versions } from '../versions.ts'

const github = 'https://github.com'

/** containerd with its shim and `ctr`, laid out as in upstream's archive. */
export const containerd: Recipe = {
  title: `containerd ${versions.containerd}`,
  outputs: [
    {
      name: 'containerd',
      version: versions.containerd,
      kind: 'archive',
      upstream: {
        url: `${github}/containerd/containerd/releases/download/v${versions.containerd}/containerd-${versions.containerd}-linux-${architecture}.tar.gz`,
      },
    },
  ],
  build: async (scratch) => {
    const module = 'github.com/containerd/containerd/v2'
    const programs = ['containerd', 'containerd-shim-runc-v2', 'ctr']
    const out = await goBuild(scratch, {
      module,
      version: versions.containerd,
      packages: programs.map((name) => `cmd/${name}`),
      ldflags: [`-X ${module}/version.Version=v${versions.containerd}`],
    })
    const files = Object.fromEntries(programs.map((name) => [`bin/${name}`, join(out, name)]))
    return { containerd: await archive(scratch, 'containerd', files, 'bin') }
  },
}

/** runc as Debian ships it: upstream's sources need a C tool chain for a static build. */
export const runc: Recipe = {
  title: `runc ${versions.runc}`,
  outputs: [
    {
      name: 'runc',
      version: versions.runc,
      kind: 'binary',
      upstream: { url: `${github}/opencontainers/runc/releases/download/v${versions.runc}/runc.${architecture}` },
    },
  ],
  build: async (scratch) => {
    const built = join(scratch, 'runc')
    await copyFile(join(await unpackedPackage(scratch, 'runc'), 'usr/sbin/runc'), built)
    await $`chmod 0755 ${built}`
    const { stdout } = await $`${built} --version`
    if (!stdout.includes(versions.runc)) {
      throw new Error(
        `Debian's runc says "${stdout.split('\n')[0]}", the lab expects ${versions.runc}: build on Debian 12, or correct test/lab/artifacts/versions.ts.`,
      )
    }
    return { runc: built }
  },
}

/** The reference CNI plugins. */
export const cniPlugins: Recipe = {
  title: `CNI plugins ${versions.cniPlugins}`,
  outputs: [
    {
      name: 'cni-plugins',
      version: versions.cniPlugins,
      kind: 'archive',
      upstream: {
        url: `${github}/containernetworking/plugins/releases/download/v${versions.cniPlugins}/cni-plugins-linux-${architecture}-v${versions.cniPlugins}.tgz`,
      },
    },
  ],
  build: async (scratch) => {
    const module = 'github.com/containernetworking/plugins'
    const plugins = ['main/bridge', 'main/loopback', 'main/ptp', 'ipam/host-local'].concat(
      ['portmap', 'bandwidth', 'tuning', 'firewall'].map((name) => `meta/${name}`),
    )
    const out = await goBuild(scratch, {
      module,
      version: versions.cniPlugins,
      packages: plugins.map((name) => `plugins/${name}`),
      ldflags: [`-X ${module}/pkg/utils/buildversion.BuildVersion=v${versions.cniPlugins}`],
    })
    const names = plugins.map((plugin) => plugin.slice(plugin.indexOf('/') + 1))
    const files = Object.fromEntries(names.map((name) => [name, join(out, name)]))
    return { 'cni-plugins': await archive(scratch, 'cni-plugins', files, '.') }
  },
}

async function archive(
  scratch: string,
  name: string,
  files: Readonly<Record<string, string>>,
  root: string,
): Promise<string> {
  const tree = await layerTree(join(scratch, `tree-${name}`), files)
  const target = join(scratch, `${name}.tar.gz`)
  await $`tar -C ${tree} --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -czf ${target} ${root}`
  return target
}
