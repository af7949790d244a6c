import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { $ } from '../../shell.ts'
import { goBuild } from '../go.ts'
import { layerTree, writeImage } from '../image.ts'
import { architecture } from '../paths.ts'
import { finalPath, imageOutput, type Output, type Recipe } from '../recipe.ts'
import { netfilterTree } from '../userland.ts'
import { releaseOf, versions } from '../versions.ts'

const controlPlane = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const

/** The programs and images of one Kubernetes release, compiled in one go because they share most packages. */
export function kubernetes(version: string): Recipe {
  const binary = (name: string): Output => ({ name, version, kind: 'binary', upstream: download(version, name) })
  const image = (name: string): Output => imageOutput(`registry.k8s.io/${name}:v${version}`)
  const kubeadm: Output = { ...binary('kubeadm'), kind: 'tool', tool: `${version}/kubeadm` }
  return {
    title: `Kubernetes ${version}`,
    outputs: [binary('kubelet'), binary('kubectl'), kubeadm, ...[...controlPlane, 'kube-proxy'].map(image)],
    build: async (scratch) => {
      const out = await compile(scratch, version)
      const images: Record<string, string> = {}
      for (const name of [...controlPlane, 'kube-proxy']) {
        const program = await layerTree(join(scratch, `tree-${name}`), { [`usr/local/bin/${name}`]: join(out, name) })
        const layers = name === 'kube-proxy' ? [await netfilterTree(scratch), program] : [program]
        const file = join(scratch, `${name}.tar`)
        await writeImage(scratch, file, {
          reference: image(name).image ?? name,
          layers,
          entrypoint: [`/usr/local/bin/${name}`],
        })
        images[name] = file
      }
      const binaries = ['kubelet', 'kubectl', 'kubeadm'].map((name) => [name, join(out, name)] as const)
      return { ...Object.fromEntries(binaries), ...images }
    },
    verify: () => confirmImages(version, finalPath(kubeadm)),
  }
}

async function compile(scratch: string, version: string): Promise<string> {
  const [major = '', minor = '', patch = ''] = version.split('.')
  const stamp = 'k8s.io/component-base/version'
  const { Time } = await $`go list -m -json k8s.io/kubernetes@v${version}`.json<{ Time: string }>()
  return goBuild(scratch, {
    module: 'k8s.io/kubernetes',
    version,
    stagingVersion: `0.${minor}.${patch}`,
    packages: ['kubelet', 'kubectl', 'kubeadm', ...controlPlane, 'kube-proxy'].map((name) => `cmd/${name}`),
    ldflags: [
      `-X ${stamp}.gitVersion=v${version}`,
      `-X ${stamp}.gitMajor=${major}`,
      `-X ${stamp}.gitMinor=${minor}`,
      `-X ${stamp}.gitTreeState=clean`,
      `-X ${stamp}.gitCommit=unknown`,
      `-X ${stamp}.buildDate=${Time}`, // the release's own date keeps the build reproducible
    ],
  })
}

async function confirmImages(version: string, kubeadm: string): Promise<void> {
  const release = releaseOf(version)
  const expected = [
    ...[...controlPlane, 'kube-proxy'].map((name) => `registry.k8s.io/${name}:v${version}`),
    `registry.k8s.io/etcd:${release.etcdImage}`,
    `registry.k8s.io/coredns/coredns:v${release.coredns}`,
    `registry.k8s.io/pause:${versions.pause}`,
  ].sort()
  await stat(kubeadm)
  const answer = await $`${kubeadm} config images list --kubernetes-version v${version}`
  const wanted = answer
    .lines()
    .filter((line) => line !== '')
    .sort()
  if (wanted.join() !== expected.join()) {
    throw new Error(
      `kubeadm ${version} wants the images ${wanted.join(', ')}, but the lab makes ${expected.join(', ')}: correct test/lab/artifacts/versions.ts.`,
    )
  }
}

function download(version: string, name: string): { readonly url: string } {
  return { url: `https://dl.k8s.io/release/v${version}/bin/linux/${architecture}/${name}` }
}
