import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { nodeChangeOf } from '../../../src/cli/nodes/change.ts'
import { intentionOf, type Intention, type NodeRequest } from '../../../src/cli/nodes/intention.ts'
import type { Facts } from '../../../src/host/facts.ts'
import { factsOf, nodeOf, observedOf } from '../../support/facts.ts'
import { workplace } from '../support.ts'

const drain = { force: false, deleteEmptyDirData: false, timeout: 300, uncordonOnFailure: false }

const three = `apiVersion: kubewright/v1alpha1
kind: Cluster
metadata: { name: demo }
spec:
  kubernetesVersion: '1.37.1'
  controlPlaneEndpoint: { provider: node-local }
  hosts:
    - { name: cp1, address: 192.0.2.11, roles: [control-plane] }
    - { name: cp2, address: 192.0.2.12, roles: [control-plane] }
    - { name: w1, address: 192.0.2.21 }
`

async function intended(request: Partial<NodeRequest>, inventory = three): Promise<Intention> {
  const directory = await workplace(inventory)
  return intentionOf(join(directory, 'inventory.yaml'), {
    kind: 'remove',
    name: 'w1',
    offline: false,
    drain,
    ...request,
  })
}

const namesOf = (hosts: readonly { readonly name: string }[]): readonly string[] => hosts.map(({ name }) => name)

test('to remove a node is to want the cluster without it', async () => {
  const { cluster, before, leaving, joining, reached } = await intended({ name: 'cp1' })
  expect(namesOf(cluster.hosts)).toEqual(['cp2', 'w1'])
  expect(namesOf(before.hosts)).toEqual(['cp1', 'cp2', 'w1'])
  expect([leaving?.name, joining, reached]).toEqual(['cp1', [], true])
  expect(cluster.inventory.digest).not.toBe(before.inventory.digest)
})

test('to replace a node by another host is to want that one in its place', async () => {
  const { cluster, joining, leaving } = await intended({
    kind: 'replace',
    name: 'cp1',
    with: { name: 'cp3', address: '192.0.2.13' },
  })
  expect(namesOf(cluster.hosts)).toEqual(['cp3', 'cp2', 'w1'])
  expect([namesOf(joining), leaving?.name]).toEqual([['cp3'], 'cp1'])
})

test('nobody goes to a host that is dead, or that is made anew', async () => {
  expect((await intended({ offline: true })).reached).toBe(false)
  const same = await intended({ kind: 'replace' })
  expect([same.reached, namesOf(same.joining), same.leaving?.name]).toEqual([false, ['w1'], 'w1'])
})

describe('refused before any host is asked', () => {
  const single = three.replace(/.*cp2.*\n/, '')

  test.each([
    ['one that is not in the inventory', { name: 'w11' }, 'KW5020', /Did you mean w1\?/],
    ['the last control plane', { name: 'cp1' }, 'KW5021', /last control plane: 1 - 1 = 0/],
    ['a replacement of the only control plane', { name: 'cp1', kind: 'replace' }, 'KW5021', /only control plane/],
    ['an addition to a cluster that is not there', { name: 'cp1', kind: 'add' }, 'KW5021', /kubewright apply/],
  ] as const)('%s', async (_, request, code, text) => {
    const { details } = await intended(request, single).then(
      () => Promise.reject(new Error('it was not refused')),
      (thrown: { details: { code: string; message: string; hint: string } }) => thrown,
    )
    expect(details.code).toBe(code)
    expect(`${details.message} ${details.hint}`).toMatch(text)
  })
})

describe('where etcd has hosts of its own', () => {
  const apart = `${three}    - { name: e1, address: 192.0.2.31, roles: [etcd] }\n`

  test.each([
    ['add', undefined, /"kubewright apply": it makes e1 a member/],
    ['remove', undefined, /"etcdctl member remove"\), run "kubewright reset e1"/],
    ['replace', undefined, /made anew, with an empty disk, takes its own place again/],
    [
      'replace',
      { name: 'e2', address: '192.0.2.32' },
      /Write e2 into the inventory .* Then e1 can go\. Remove its member/,
    ],
  ] as const)('the command to %s a node is refused for one of them (%o), with what to do', async (kind, by, hint) => {
    const request = { kind, name: 'e1', ...(by === undefined ? {} : { with: by }) }
    const thrown: unknown = await intended(request, apart).catch((error: unknown) => error)
    expect(thrown).toMatchObject({
      details: { code: 'KW5025', exit: 'refused', hint: expect.stringMatching(hint) as string },
    })
  })

  test('a control plane that goes has no member of etcd', async () => {
    const nothing = { facts: new Map<string, Facts>(), observed: observedOf() }
    const goes = { name: 'cp1' }
    expect(nodeChangeOf(await intended(goes), nothing).leaving).toMatchObject({ controlPlane: true, runsEtcd: true })
    expect(nodeChangeOf(await intended(goes, apart), nothing).leaving).toMatchObject({ runsEtcd: false })
  })
})

describe('what is still the own of a host that is replaced by itself', () => {
  const observed = observedOf({ nodes: [nodeOf('cp1', { internalIPs: ['192.0.2.11'] })] })

  async function leaving(survey: Partial<Facts['survey']>) {
    const facts = new Map([['cp1', factsOf({ nodeIP: '192.0.2.11', survey })]])
    return nodeChangeOf(await intended({ kind: 'replace', name: 'cp1' }), { facts, observed }).leaving
  }

  test('member and Node are the old ones while its disk is empty', async () => {
    expect(await leaving({})).toMatchObject({ hasMember: true, hasNode: true, nodeIPs: ['192.0.2.11'] })
  })

  test('the Node is its own when its kubelet has a way into the cluster', async () => {
    const kubernetesFiles = ['/etc/kubernetes/kubelet.conf']
    expect(await leaving({ kubernetesFiles })).toMatchObject({ hasMember: true, hasNode: false })
  })

  test('the member is its own when it has data', async () => {
    expect(await leaving({ etcdData: true })).toMatchObject({ hasMember: false })
  })

  test('a manifest alone does not say whose the member is: that of a disk that was lost goes, a new one stays', async () => {
    expect(await leaving({ manifests: ['etcd.yaml'] })).toMatchObject({ hasMember: true, joinsEtcd: true })
  })
})
