import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { CalicoOptions, Cluster, FlannelOptions } from '../../src/inventory/cluster.ts'
import { calicoObjects } from '../../src/kubernetes/calico.ts'
import { flannelObjects } from '../../src/kubernetes/flannel.ts'
import { kubernetesObject, objectName, type KubernetesObject } from '../../src/kubernetes/object.ts'
import { packageRoot } from '../../src/package.ts'
import { parseYamlDocuments, printYaml } from '../../src/render/yaml.ts'
import { textDiff } from '../../src/resources/file.ts'
import { calicoOptions as calico } from '../support/facts.ts'
import { defaultCluster } from './scenarios.ts'

const directory = join(packageRoot, 'test/golden/network')
const cluster = defaultCluster()
const flannel: FlannelOptions = { name: 'flannel', backend: 'vxlan', mtu: undefined, vni: 1, port: 8472 }

const dualStack: Partial<Cluster> = {
  networking: { ...cluster.networking, podSubnets: ['10.244.0.0/16', 'fd00:10:244::/56'] },
}
const mirrored: Partial<Cluster> = {
  imageRepositories: { 'docker.io': 'mirror.lab/hub', 'ghcr.io': 'mirror.lab/ghcr' },
}

const view = { server: 'https://192.0.2.11:6443', nodeMtu: 1500 }
const calicos: Readonly<Record<string, Partial<Cluster> & { readonly cni: CalicoOptions }>> = {
  'calico-vxlan': { cni: calico },
  'calico-vxlan-cross-subnet': { cni: { ...calico, encapsulation: 'vxlan-cross-subnet', mtu: 1400 } },
  'calico-ipip': { ...mirrored, cni: { ...calico, encapsulation: 'ipip' } },
  'calico-none': { cni: { ...calico, encapsulation: 'none', blockSize: 24 } },
  'calico-typha': { cni: { ...calico, typhaNodes: 1 } },
  'calico-dual-stack': { ...dualStack, cni: calico },
}
const flannels: Readonly<Record<string, Partial<Cluster> & { readonly cni: FlannelOptions }>> = {
  'flannel-vxlan': { cni: flannel },
  'flannel-host-gw': { ...mirrored, cni: { ...flannel, backend: 'host-gw' } },
  'flannel-wireguard': { ...dualStack, cni: { ...flannel, backend: 'wireguard', mtu: 1380 } },
}

/** What we change in upstream's manifest, object by object, as a person reads it. */
function changes(manifest: string, ours: readonly KubernetesObject[]): string {
  const upstream = parseYamlDocuments(manifest, 'manifest').map((value) => kubernetesObject(value, 'manifest'))
  const names = [...new Set([...upstream, ...ours].map(objectName))]
  const diffs = names.map((name) => {
    const diff = textDiff(name, textOf(upstream, name), textOf(ours, name))
    return diff === '' ? '' : `# ${name}\n${diff}\n`
  })
  return diffs.join('')
}

function textOf(objects: readonly KubernetesObject[], name: string): string {
  const found = objects.find((object) => objectName(object) === name)
  return found === undefined ? '' : printYaml(found)
}

function upstreamOf(name: string): string {
  return readFileSync(join(directory, `${name}.yaml`), 'utf8')
}

test.each(Object.entries(calicos))("%s: upstream's manifest with these changes and no others", async (name, wanted) => {
  const manifest = upstreamOf('calico-3.28.5')
  const objects = calicoObjects({ ...cluster, ...wanted }, manifest, view)
  await expect(changes(manifest, objects)).toMatchFileSnapshot(join(directory, `${name}.diff`))
})

test.each(Object.entries(flannels))(
  "%s: upstream's manifest with these changes and no others",
  async (name, wanted) => {
    const manifest = upstreamOf('flannel-0.28.4')
    const objects = flannelObjects({ ...cluster, ...wanted }, manifest, { server: 'https://192.0.2.11:6443' })
    await expect(changes(manifest, objects)).toMatchFileSnapshot(join(directory, `${name}.diff`))
  },
)
