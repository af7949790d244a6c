import { expect, test } from 'vitest'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../../src/package.ts'
import type { NodeChange } from '../../../src/tasks/context.ts'
import { calico, calicoControllers } from '../../../src/tasks/network/calico.ts'
import { calicoOptions, clusterOf, contextOf, factsOf, hostOf, observedOf, workerOf } from '../../support/facts.ts'

const hosts = [hostOf(), workerOf('w1', '10.89.5.12')]
const manifests = new Map([
  ['calico 3.28.5', readFileSync(join(packageRoot, 'test/golden/network/calico-3.28.5.yaml'), 'utf8')],
])

test('the controllers come by themselves, when nodes have their network', () => {
  const context = contextOf({ cluster: clusterOf({ cni: calicoOptions, hosts }), manifests })
  const ids = (of: typeof calico) => of.resources(context).map(({ id }) => id)
  expect(ids(calico)).not.toContain('object:Deployment/kube-system/calico-kube-controllers')
  expect(ids(calico).at(-1)).toBe('objects:calico')
  expect(ids(calicoControllers)).toEqual(['object:Deployment/kube-system/calico-kube-controllers'])
})

const deployment = (image: string, affinity = {}) => ({
  spec: { template: { spec: { affinity, containers: [{ image }] } } },
})

test('an operation on nodes leaves controllers of another image to the next apply: control planes may not have it', () => {
  const context = contextOf({ cluster: clusterOf({ cni: calicoOptions, hosts }), manifests })
  const changes = (live: ReturnType<typeof deployment> | undefined, nodes?: NodeChange) => {
    const wanted = live && deployment('calico/kube-controllers:v2', { nodeAffinity: {} })
    const [controllers] = calicoControllers.resources({ ...context, ...(nodes && { nodes }) })
    return controllers?.compare({ api: 'up', live, wanted })?.verb
  }
  const joining = { joining: ['w1'], leaving: undefined }
  const [same, another] = [deployment('calico/kube-controllers:v2'), deployment('calico/kube-controllers:v1')]
  expect([changes(same), changes(another), changes(undefined)]).toEqual(['update', 'update', 'create'])
  expect([changes(same, joining), changes(another, joining), changes(undefined, joining)]).toEqual([
    'update',
    undefined,
    undefined,
  ])
})

test('nothing of Calico is there where the inventory asks for another network', () => {
  expect([...calico.resources(contextOf()), ...calicoControllers.resources(contextOf())]).toEqual([])
})

test('the MTU of a host that does not answer is remembered', () => {
  const network = { name: 'calico', nodeMtu: '1400' }
  const mtu = (fleet: readonly string[]) => {
    const context = contextOf({
      cluster: clusterOf({ cni: calicoOptions, hosts }),
      manifests,
      fleet: new Map(fleet.map((name) => [name, factsOf({ mtu: 1500 })])),
      observed: observedOf({ network }),
    })
    const sets = calico.resources(context).flatMap(({ probe }) => probe.words ?? [])
    return /"veth_mtu":"(\d+)"/.exec(sets[0] ?? '')?.[1]
  }
  expect(mtu(['cp1'])).toBe('1350')
  expect(mtu(['cp1', 'w1'])).toBe('1450')
})
