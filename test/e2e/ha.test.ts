import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exitCodes } from '../../src/engine/errors.ts'
import { labDown, labUp, powerOff, powerOn, snapshotReset, type Lab, type LabHost } from '../lab/index.ts'
import { probed, serveProbed, tellSeen, unreachable } from './probing.ts'
import { eventually, hostOf, inHost, kubectl, onLab, planOf } from './support.ts'

const name = 'e2eha'
const etcdctl =
  'etcdctl --endpoints https://127.0.0.1:2379 --cacert /etc/kubernetes/pki/etcd/ca.crt --cert /etc/kubernetes/pki/etcd/healthcheck-client.crt --key /etc/kubernetes/pki/etcd/healthcheck-client.key'

let lab: Lab

beforeAll(async () => {
  lab = await labUp({ name, controlPlanes: 3, workers: 2, fresh: true })
  const outcome = await onLab(lab, 'apply', '--yes')
  expect(outcome.code, outcome.stderr).toBe(exitCodes.success)
})

afterAll(() => labDown(name))

test('three control planes are voters of one etcd', async () => {
  const members = (await inHost(hostOf(lab, 'cp2'), `${etcdctl} member list`)).trim().split('\n')
  expect(members.map((line) => line.slice(line.indexOf(',') + 2)).toSorted()).toEqual(
    controlPlanes().map(
      ({ name: host, nodeIP }) => `started, ${host}, https://${nodeIP}:2380, https://${nodeIP}:2379, false`,
    ),
  )
})

test('they share authorities and keys, and have certificates of their own', async () => {
  const shared = '/etc/kubernetes/pki/{ca,front-proxy-ca,etcd/ca,sa}.key'
  const sums = await Promise.all(controlPlanes().map((host) => inHost(host, `bash -c 'cat ${shared} | sha256sum'`)))
  expect(new Set(sums).size).toBe(1)
  for (const host of controlPlanes()) {
    const server = new X509Certificate(await inHost(host, 'cat /etc/kubernetes/pki/apiserver.crt'))
    for (const address of [host.nodeIP, '127.0.0.1']) {
      expect(server.subjectAltName).toContain(`IP Address:${address}`)
    }
    for (const file of ['kubelet', 'controller-manager', 'scheduler']) {
      expect(await inHost(host, `cat /etc/kubernetes/${file}.conf`)).toContain(`server: https://${host.nodeIP}:6443`)
    }
  }
})

test('every control plane is marked, and the workers speak to their own proxies', async () => {
  const fields = `'{range .items[*]}{.metadata.name} {.spec.taints[*].key}{"\\n"}{end}'`
  const command = `kubectl --kubeconfig /etc/kubernetes/admin.conf get nodes -o jsonpath=${fields}`
  const taint = 'node-role.kubernetes.io/control-plane'
  // A node is Ready some seconds before the last taint goes that it had until then.
  await eventually(60, async () => {
    const nodes = await inHost(hostOf(lab, 'cp3'), command)
    expect(nodes).toBe(`cp1 ${taint}\ncp2 ${taint}\ncp3 ${taint}\nw1 \nw2 \n`)
  })
  expect(await inHost(hostOf(lab, 'w1'), 'cat /etc/kubernetes/kubelet.conf')).toContain(
    'server: https://127.0.0.1:6443',
  )
})

test('a second run has nothing to do', async () => {
  expect(await planOf(lab)).toEqual([])
})

test('the workers go on without the first control plane, and the cluster with it when it is back', async () => {
  const first = hostOf(lab, 'cp1')
  await serveProbed(lab)
  const dns = 'get pods -n kube-system -l k8s-app=kube-dns -o jsonpath="{.items[*].spec.nodeName}"'
  expect(await kubectl(lab, dns)).not.toContain('cp')
  const seen = await probed(lab, { worker: hostOf(lab, 'w1'), seconds: 15 }, () => powerOff(first))
  tellSeen('without cp1', seen)
  expect(unreachable(seen.object)).toBeLessThanOrEqual(3)
  expect(seen.service.failed).toEqual([])
  await powerOn(name, first)
  await eventually(180, async () => {
    const ready = `kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout 5s get --raw /readyz`
    expect(await inHost(first, ready)).toBe('ok')
  })
  await eventually(180, async () => expect(await planOf(lab)).toEqual([]))
})

test('the first control plane, made anew, joins the others', async () => {
  const first = hostOf(lab, 'cp1')
  const authority = await inHost(first, 'cat /etc/kubernetes/pki/ca.crt')
  await snapshotReset(name, ['cp1'])
  const outcome = await onLab(lab, 'apply', '--yes')
  expect(outcome.code, outcome.stderr).toBe(exitCodes.success)
  expect(await inHost(first, 'cat /etc/kubernetes/pki/ca.crt')).toBe(authority)
  const members = (await inHost(first, `${etcdctl} member list`)).trim().split('\n')
  expect(members.filter((line) => line.endsWith(', false'))).toHaveLength(3)
  expect(await planOf(lab)).toEqual([])
})

function controlPlanes(): readonly LabHost[] {
  return lab.hosts.filter(({ name: host }) => host.startsWith('cp'))
}
