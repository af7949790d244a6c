import { describe, expect, test } from 'vitest'
import { causesOf } from '../../src/check/explain.ts'
import { judgedCells } from '../../src/check/judge.ts'
import { networkCheck } from '../../src/check/network.ts'
import { parseReport } from '../../src/check/report.ts'
import type { Cluster } from '../../src/inventory/cluster.ts'
import { clusterOf } from '../support/facts.ts'

const names = ['cp1', 'w1', 'w2']
const flannel = clusterOf()
// What an inventory of Calico gives; only what the check reads of it.
const calico = clusterOf({ cni: { name: 'calico', encapsulation: 'vxlan', port: 4789 } as unknown as Cluster['cni'] })

/** What tells a line from others of its kind. */
const subject = (line: string): string =>
  line
    .split(' ')
    .slice(0, line.startsWith('cell') ? 4 : 3)
    .join(' ')
const everywhere = (why: string) => names.map((name) => `cell dns ${name} - failed DNS: ${why}`)
const message = (...lines: readonly string[]) => found(lines).causes.map((cause) => cause.message)

/** A healthy cluster of three nodes but for these lines, which come after and replace what is said of the same cell. */
function found(lines: readonly string[], cluster = flannel) {
  const pairs = names.flatMap((from) => names.map((to) => [from, to] as const))
  const usual = [
    ...names.flatMap((name) => [
      `node ${name} running`,
      `fact ready ${name} True`,
      `fact address ${name} 10.0.0.1${names.indexOf(name)}`,
      `fact flannel ${name} 10.0.0.1${names.indexOf(name)}`,
      `fact agent ${name} kube-proxy True`,
      `fact agent ${name} flannel True`,
      `fact mtu ${name} 1450`,
      `cell api ${name} - ok`,
      `cell dns ${name} - ok`,
    ]),
    'fact agent w1 kube-dns True',
    ...pairs.flatMap(([from, to]) => [`cell pod ${from} ${to} ok`, `cell node ${from} ${to} ok`]),
    ...pairs.map(([from, to]) => `cell ${from === to ? 'hairpin' : 'service'} ${from} ${to} ok`),
    'end',
  ]
  const replaced = new Set(lines.map(subject))
  const report = parseReport([...usual.filter((line) => !replaced.has(subject(line))), ...lines])
  const cells = judgedCells(report, cluster)
  return { cells, causes: causesOf(report, cells, cluster) }
}

function cut(node: string): readonly string[] {
  const others = names.filter((name) => name !== node)
  return others.flatMap((other) =>
    ['pod', 'service', 'node'].flatMap((kind) => [
      `cell ${kind} ${node} ${other} failed TIMEOUT`,
      `cell ${kind} ${other} ${node} failed TIMEOUT`,
    ]),
  )
}

describe('the likely cause', () => {
  test('of nothing is none', () => {
    expect(found([]).causes).toEqual([])
  })

  test('of a node that no other reaches is the port of the network plugin on that node, with all that follows', () => {
    const { causes } = found([...cut('w1'), 'cell dns w1 - failed DNS: lookup x: i/o timeout'])
    expect(causes.map(({ message }) => message)).toEqual(['UDP 8472 (VXLAN of Flannel) is probably closed on w1'])
    expect(causes[0]?.cells).toHaveLength(13)
    expect(found(cut('w1'), calico).causes[0]?.message).toBe('UDP 4789 (VXLAN of Calico) is probably closed on w1')
  })

  test('of two nodes that do not reach each other is between them', () => {
    const { causes } = found(['cell pod w1 w2 failed TIMEOUT', 'cell pod w2 w1 failed TIMEOUT'])
    expect(causes.map(({ message }) => message)).toEqual([
      'UDP 8472 (VXLAN of Flannel) is probably closed between w1 and w2',
    ])
  })

  test('of such a node whose tunnel has another address is the interface', () => {
    const { causes } = found([...cut('w1'), 'fact flannel w1 192.168.9.9'])
    expect(causes[0]?.message).toContain(
      'Flannel of w1 uses another interface than the node: packets go to 192.168.9.9',
    )
  })

  test('of such a node whose network plugin is not ready is that', () => {
    const { causes } = found([...cut('w1'), 'fact agent w1 flannel False'])
    expect(causes.map(({ message }) => message)).toContain('The pod of Flannel is not ready on w1')
  })

  test('of large packets that are lost is the MTU, with what would fit', () => {
    const failed = 'failed packets of 1450 bytes do not arrive, of 1350 they do'
    const { causes } = found([`cell mtu cp1 w1 ${failed}`, `cell mtu w2 w1 ${failed}`])
    expect(causes).toHaveLength(1)
    expect(causes[0]?.message).toContain('The MTU of pods is too large for the network of w1')
    expect(causes[0]?.hint).toContain('set spec.cni.mtu to 1350 or less')
  })

  test("of packets that Flannel's host-gw loses is that of the hosts, since pods have no other", () => {
    const direct = clusterOf({ cni: { name: 'flannel', backend: 'host-gw', mtu: undefined, vni: 1, port: 8472 } })
    const { causes } = found(['cell mtu cp1 w1 failed packets of 1500 bytes do not arrive, of 1400 they do'], direct)
    expect(causes[0]?.hint).toBe(
      "Give the hosts' interfaces and what is between them one MTU; pods take it when they are made anew.",
    )
  })

  test('of packets that only get through in pieces is the device without room for them', () => {
    const { causes } = found(['cell mtu w1 w2 ok', 'fact device w1 eth0 1400'])
    expect(causes[0]?.message).toContain('eth0 of w1 carries 1400 bytes, and packets of pods have 1450 and 50 of VXLAN')
  })

  test('of services that one node does not reach is kube-proxy there, and its API and DNS follow', () => {
    const lines = ['service w1 cp1', 'service w1 w2', 'hairpin w1 w1', 'api w1 -', 'dns w1 -']
    const { causes } = found(lines.map((line) => `cell ${line} failed TIMEOUT`))
    expect(causes).toHaveLength(1)
    expect(causes[0]?.message).toContain('Services are not reached from w1, though pods are: kube-proxy')
    expect(causes[0]?.cells).toHaveLength(5)
  })

  test('of a pod that does not reach itself is the hairpin', () => {
    expect(found(['cell hairpin w1 w1 failed TIMEOUT']).causes[0]?.message).toContain('reach itself through its own')
  })

  test('of DNS that fails everywhere is CoreDNS: without pods, silent, or without the names of the cluster', () => {
    expect(message(...everywhere('i/o timeout'), 'fact agent w1 kube-dns False')).toEqual([
      'CoreDNS has no pod that is ready',
    ])
    expect(message(...everywhere('lookup x: i/o timeout'))).toEqual(['CoreDNS is ready but does not answer'])
    expect(message(...everywhere('lookup x: no such host'))).toEqual([
      "CoreDNS answers but does not know the cluster's own names: DNS does not know the name",
    ])
  })

  test('of DNS that one node does not reach is on that node', () => {
    expect(found(['cell dns w2 - failed TIMEOUT']).causes[0]?.message).toBe(
      'Pods on w2 do not reach cluster DNS at 10.96.0.10',
    )
  })

  test('of the API that one node does not reach is on that node', () => {
    expect(found(['cell api w2 - failed TIMEOUT']).causes[0]?.message).toBe(
      'Pods on w2 do not reach the API at 10.96.0.1',
    )
  })

  test('of a node without the pod of the check is told with why', () => {
    const { causes } = found(['node w1 failed ContainerCreating no such plugin'])
    expect(causes[0]?.message).toBe('The pod of the check does not run on w1: ContainerCreating no such plugin')
  })

  test('of a policy that does not block is the network plugin', () => {
    const { causes } = found(['cell blocked cp1 w2 failed it is still reached'], calico)
    expect(causes[0]?.message).toBe('A NetworkPolicy does not block what it should')
  })
})

test('names of the internet are skipped where the node does not know them either', () => {
  const failed = 'cell outside w1 - failed DNS: lookup registry.k8s.io.: i/o timeout'
  const stateOf = ({ cells }: ReturnType<typeof found>) => cells.find(({ kind }) => kind === 'outside')?.state
  expect(stateOf(found([failed, 'fact outside w1 no']))).toBe('skipped')
  expect(stateOf(found([failed, 'fact outside w1 yes']))).toBe('failed')
})

test('a policy is tried where the network has policies, and skipped where it has none', () => {
  expect(networkCheck(calico, names).text).toContain('kind: NetworkPolicy')
  expect(networkCheck(flannel, names).text).not.toContain('kind: NetworkPolicy')
  expect(found([]).cells.find(({ kind }) => kind === 'blocked')?.state).toBe('skipped')
  expect(found([], calico).cells.find(({ kind }) => kind === 'blocked')).toBeUndefined()
})
