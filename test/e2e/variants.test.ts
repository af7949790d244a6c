import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exitCodes } from '../../src/engine/errors.ts'
import { labDown, labUp, type Lab } from '../lab/index.ts'
import { podsHaveGone } from './pods.ts'
import { elsewhere, eventually, hostOf, inHost, kubectl, onLab, planOf, type Elsewhere } from './support.ts'

describe('Kubernetes 1.36 on Debian 13, with SSH on another network than the nodes', () => {
  const name = 'e2evariant'
  let lab: Lab

  beforeAll(async () => {
    const workers = 1
    lab = await labUp({ name, workers, suite: 'trixie', twoNetworks: true, kubernetes: '1.36.4', fresh: true })
    expect(lab.hosts.filter(({ address, nodeIP }) => address === nodeIP)).toEqual([])
    const outcome = await onLab(lab, 'apply', '--yes')
    expect(outcome.code, outcome.stderr).toBe(exitCodes.success)
  })

  afterAll(() => labDown(name))

  test('nodes have their InternalIP on the node network, and run that release on that system', async () => {
    const fields = `'{range .items[*]}{.metadata.name} {.status.addresses[?(@.type=="InternalIP")].address} {.status.nodeInfo.kubeletVersion} {.status.conditions[?(@.type=="Ready")].status} {.status.nodeInfo.osImage}{"\\n"}{end}'`
    const nodes = (await kubectl(lab, `get nodes -o jsonpath=${fields}`)).trim().split('\n')
    expect(nodes).toEqual(
      lab.hosts.map(({ name: node, nodeIP }) => `${node} ${nodeIP} v1.36.4 True Debian GNU/Linux 13 (trixie)`),
    )
  })

  test('certificates name the address of the node network and not that of SSH', async () => {
    const controlPlane = hostOf(lab, 'cp1')
    for (const path of ['pki/apiserver.crt', 'pki/etcd/server.crt', 'pki/etcd/peer.crt']) {
      const certificate = new X509Certificate(await inHost(controlPlane, `cat /etc/kubernetes/${path}`))
      expect(certificate.subjectAltName, path).toContain(`IP Address:${controlPlane.nodeIP}`)
      expect(certificate.subjectAltName, path).not.toContain(controlPlane.address)
    }
    for (const host of lab.hosts) {
      const serving = new X509Certificate(await inHost(host, 'cat /var/lib/kubelet/pki/kubelet.crt'))
      expect(serving.subjectAltName).toContain(`IP Address:${host.nodeIP}`)
    }
  })

  test('etcd, the API server and whoever calls it use the node network', async () => {
    const controlPlane = hostOf(lab, 'cp1')
    const { nodeIP, address } = controlPlane
    const members = await inHost(
      controlPlane,
      'etcdctl --endpoints https://127.0.0.1:2379 --cacert /etc/kubernetes/pki/etcd/ca.crt --cert /etc/kubernetes/pki/etcd/healthcheck-client.crt --key /etc/kubernetes/pki/etcd/healthcheck-client.key member list',
    )
    expect(members).toContain(`https://${nodeIP}:2380, https://${nodeIP}:2379`)
    expect(
      (await kubectl(lab, `get endpointslices kubernetes -o jsonpath='{.endpoints[*].addresses[*]}'`)).trim(),
    ).toBe(nodeIP)
    expect(await inHost(hostOf(lab, 'w1'), 'cat /etc/kubernetes/kubelet.conf')).toContain(
      `server: https://${nodeIP}:6443`,
    )
    expect(await inHost(controlPlane, `grep -rlF ${address} /etc/kubernetes /var/lib/kubelet/*.yaml || true`)).toBe('')
  })

  test('Flannel sends between the nodes over the node network', async () => {
    const annotation = `{.metadata.annotations.flannel\\.alpha\\.coreos\\.com/public-ip}`
    for (const { name: node, nodeIP } of lab.hosts) {
      expect(await kubectl(lab, `get node ${node} -o jsonpath='${annotation}'`)).toBe(nodeIP)
    }
    const [own, peer] = [hostOf(lab, 'cp1'), hostOf(lab, 'w1')]
    const device = await inHost(own, 'ip -details link show flannel.1')
    expect(device).toContain(`local ${own.nodeIP} dev eth1`)
    expect(await inHost(own, 'bridge fdb show dev flannel.1')).toContain(`dst ${peer.nodeIP}`)
  })

  test('a second run has nothing to do', async () => {
    expect(await planOf(lab)).toEqual([])
  })
})

describe('a single node that is control plane and worker', () => {
  const name = 'e2esingle'
  let lab: Lab
  let there: Elsewhere | undefined

  beforeAll(async () => {
    lab = await labUp({ name, controlPlanes: 1, workers: 0, kubernetes: '1.37.1', fresh: true })
    there = await elsewhere(lab, (inventory) =>
      inventory.setIn(['spec', 'hosts', 0, 'roles'], ['control-plane', 'worker']),
    )
    const outcome = await onLab(there, 'apply', '--yes')
    expect(outcome.code, outcome.stderr).toBe(exitCodes.success)
  })

  afterAll(async () => {
    await there?.[Symbol.asyncDispose]()
    await labDown(name)
  })

  test('has no taint, and pods are scheduled on it', async () => {
    // A node is Ready some seconds before the last taint goes that it had until then.
    await eventually(60, async () => expect(await kubectl(lab, `get node cp1 -o jsonpath='{.spec.taints}'`)).toBe(''))
    const image = (await inHost(hostOf(lab, 'cp1'), 'ctr -n k8s.io images ls -q')).match(/^\S+\/agnhost:\S+$/m)?.[0]
    await kubectl(lab, `create deployment echo --image ${image} --replicas 2`)
    await kubectl(lab, 'rollout status deployment echo --timeout 120s')
    await podsHaveGone(lab)
    expect(await kubectl(lab, 'get pods -A --field-selector status.phase!=Running -o name')).toBe('')
  })

  test('a second run has nothing to do', async () => {
    if (there === undefined) throw new Error('there is no inventory')
    expect(await planOf(there)).toEqual([])
  })
})
