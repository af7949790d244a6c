import { expect, test } from 'vitest'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../../src/package.ts'
import { calico, calicoControllers, calicoMissing } from '../../../src/tasks/network/calico.ts'
import { calicoOptions, clusterOf, contextOf, factsOf, hostOf, observedOf, workerOf } from '../../support/facts.ts'

const ready = `Node cp1 True  \nNode w1 True  \nPod calico-node-a True cp1 calico-node\n`

test('Calico is ready when it is on every node', () => {
  expect(calicoMissing('')).toBe('no node is there yet')
  expect(calicoMissing(ready)).toBe('not ready yet on w1')
  expect(calicoMissing(`${ready}Pod calico-node-b False w1 calico-node\n`)).toBe('not ready yet on w1')
  expect(calicoMissing(`${ready}Pod calico-node-b True w1 calico-node\n`)).toBeUndefined()
})

test('a node that has just come is waited for, since pods go there as soon as it is Ready', () => {
  expect(calicoMissing(ready.replace('w1 True', 'w1 False'))).toBe('not ready yet on w1')
})

test('a node whose kubelet is silent holds up nobody', () => {
  expect(calicoMissing(ready.replace('w1 True', 'w1 Unknown'))).toBeUndefined()
})

const hosts = [hostOf(), workerOf('w1', '10.89.5.12')]
const manifests = new Map([
  ['calico 3.28.5', readFileSync(join(packageRoot, 'test/golden/network/calico-3.28.5.yaml'), 'utf8')],
])

test('the controllers come by themselves, behind the wait for Calico', () => {
  const context = contextOf({ cluster: clusterOf({ cni: calicoOptions, hosts }), manifests })
  const ids = (of: typeof calico) => of.resources(context).map(({ id }) => id)
  expect(ids(calico)).not.toContain('object:Deployment/kube-system/calico-kube-controllers')
  expect(ids(calico).at(-1)).toBe('objects:calico')
  expect(ids(calicoControllers)).toEqual(['gate:calico', 'object:Deployment/kube-system/calico-kube-controllers'])
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
