import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { CalicoOptions } from '../../src/inventory/cluster.ts'
import { calicoMtu, type CalicoCluster } from '../../src/kubernetes/calico-options.ts'
import { calicoObjects } from '../../src/kubernetes/calico.ts'
import { objectName } from '../../src/kubernetes/object.ts'
import { packageRoot } from '../../src/package.ts'
import { calicoOptions } from '../support/facts.ts'
import { defaultCluster } from './scenarios.ts'

const manifest = readFileSync(join(packageRoot, 'test/golden/network/calico-3.28.5.yaml'), 'utf8')
const withCni = (cni: Partial<CalicoOptions>): CalicoCluster => ({
  ...defaultCluster(),
  cni: { ...calicoOptions, ...cni },
})
const cluster = withCni({})
const view = { server: 'https://192.0.2.11:6443', nodeMtu: 1500 }

describe('the MTU of pods', () => {
  test.each([
    ['vxlan', 1450],
    ['vxlan-cross-subnet', 1450],
    ['ipip', 1480],
    ['none', 1500],
  ] as const)('is with %s what the smallest interface leaves', (encapsulation, mtu) => {
    expect(calicoMtu(withCni({ encapsulation }), { nodeMtu: 1500 })).toBe(mtu)
  })

  test("is the inventory's where it says one, and Calico's to find out where nobody knows", () => {
    expect(calicoMtu(withCni({ mtu: 1380 }), { nodeMtu: 1500 })).toBe(1380)
    expect(calicoMtu(cluster, { nodeMtu: undefined })).toBe(0)
  })

  test('leaves room for the longer header of IPv6', () => {
    const networking = { ...cluster.networking, podSubnets: ['fd00:10:244::/56'] }
    expect(calicoMtu({ ...cluster, networking }, { nodeMtu: 1500 })).toBe(1430)
  })
})

test('definitions come before what uses them', () => {
  const definition = `---
kind: CustomResourceDefinition
apiVersion: apiextensions.k8s.io/v1
metadata: { name: ippools.crd.projectcalico.org }
`
  const [first] = calicoObjects(cluster, manifest + definition, view)
  expect(first && objectName(first)).toBe('CustomResourceDefinition ippools.crd.projectcalico.org')
})

test('pods on the nodes, and Typha, find the API as their node does, and follow when it moves', () => {
  const typha = withCni({ typhaNodes: 1 })
  const moved = calicoObjects(typha, manifest, { ...view, server: 'https://[fd00::1]:8443' })
  const data = moved.find((object) => objectName(object) === 'ConfigMap kube-system/kubernetes-services-endpoint')?.[
    'data'
  ]
  expect(data).toEqual({ KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '8443' })
  for (const name of ['DaemonSet kube-system/calico-node', 'Deployment kube-system/calico-typha'])
    expect(podAnnotations(typha, moved, name)).not.toEqual(podAnnotations(typha, undefined, name))
})

test('a change of the configuration makes new pods, which read it only when they start', () => {
  expect(podAnnotations(withCni({ mtu: 1400 }))).not.toEqual(podAnnotations(cluster))
  expect(podAnnotations(withCni({}))).toEqual(podAnnotations(cluster))
})

test.each([
  ['name: calico-config', 'name: configuration', 'ConfigMap kube-system/calico-config'],
  ['veth_mtu:', 'mtu:', 'a text veth_mtu in ConfigMap kube-system/calico-config'],
  [
    'name: calico-node\n          image',
    'name: node\n          image',
    'container calico-node in DaemonSet kube-system/calico-node',
  ],
  ['docker.io/calico/cni:v3.28.5', 'docker.io/someone/cni:v1', 'an image of Calico in container upgrade-ipam'],
  ['livenessProbe:', 'aliveProbe:', 'a mapping livenessProbe'],
])('a manifest without "%s" is refused by what is missing', (from, to, expected) => {
  expect(() => calicoObjects(cluster, manifest.replaceAll(from, to), view)).toThrow(
    `The manifest of Calico is not as expected: there should be ${expected}`,
  )
})

function podAnnotations(
  of: CalicoCluster,
  objects = calicoObjects(of, manifest, view),
  name = 'DaemonSet kube-system/calico-node',
): object {
  const pods = objects.find((object) => objectName(object) === name) as unknown as {
    readonly spec: { readonly template: { readonly metadata: { readonly annotations: object } } }
  }
  return pods.spec.template.metadata.annotations
}

test('the controllers tolerate the taints that control planes have in place of the usual one', () => {
  const taints = [{ key: 'dedicated', value: 'cp', effect: 'NoSchedule' }] as const
  const hosts = cluster.hosts.map((host) => ({ ...host, taints }))
  const text = JSON.stringify(calicoObjects({ ...cluster, hosts }, manifest, view))
  expect(text).toContain('{"key":"dedicated","operator":"Exists"}')
  expect(JSON.stringify(calicoObjects(cluster, manifest, view))).not.toContain('"dedicated"')
})

test('the controllers run on control planes, whatever value the label of those has', () => {
  const controllers = calicoObjects(cluster, manifest, view).find(({ kind }) => kind === 'Deployment')
  const label = 'node-role.kubernetes.io/control-plane'
  expect(JSON.stringify(controllers)).toContain(`"matchExpressions":[{"key":"${label}","operator":"Exists"}]`)
  expect(JSON.stringify(controllers)).not.toContain(`"${label}":`)
})
