import { describe, expect, test } from 'vitest'
import type { Survey } from '../../../src/host/facts.ts'
import { preflightNetwork } from '../../../src/tasks/preflight/network.ts'
import { preflightState } from '../../../src/tasks/preflight/state.ts'
import { calicoOptions, clusterOf, contextOf, factsOf, hostOf, workerOf } from '../../support/facts.ts'
import { onHost } from '../../support/etcd-hosts.ts'
import { findings, found, own, told } from './findings.ts'

function on(survey: Partial<Survey>) {
  return contextOf({ facts: factsOf({ survey }) })
}

function onWorker(survey: Partial<Survey>) {
  return contextOf({ host: workerOf('worker1', '10.89.5.12'), facts: factsOf({ survey }) })
}

function onOurs(survey: Partial<Survey>) {
  return contextOf({ facts: factsOf({ survey, state: { cluster: own } }) })
}

const running: Partial<Survey> = {
  manifests: ['etcd.yaml', 'kube-apiserver.yaml', 'kube-controller-manager.yaml', 'kube-scheduler.yaml'],
  etcdData: true,
  kubernetesFiles: ['/etc/kubernetes/kubelet.conf', '/etc/kubernetes/admin.conf', '/var/lib/kubelet/config.yaml'],
  links: ['lo', 'eth0', 'cni0', 'flannel.1'],
  cniConfigurations: ['10-flannel.conflist'],
}

test('a bare host has no finding', () => {
  expect(found(preflightState, contextOf())).toEqual([])
})

test('state under our own id is ours', () => {
  expect(found(preflightState, onOurs(running))).toEqual([])
})

test('a control plane of ours that the inventory calls a worker is refused', () => {
  const worker = workerOf('worker1', '10.89.5.12')
  const cluster = clusterOf({ hosts: [hostOf(), worker] })
  const facts = factsOf({ nodeIP: '10.89.5.12', survey: running, state: { cluster: own } })
  const fleet = new Map([
    ['cp1', factsOf({ state: { cluster: own } })],
    ['worker1', facts],
  ])
  const context = contextOf({ cluster, host: worker, facts, fleet })
  expect(found(preflightState, context)).toEqual(['error Role'])
  expect(told(preflightState, context)).toContain('worker1 is a control plane of the living cluster (it has etcd.yaml,')
  const proxied = { ...context, facts: { ...facts, survey: { ...facts.survey, manifests: ['haproxy.yaml'] } } }
  expect(found(preflightState, proxied)).toEqual([])
})

function withPods(name: string, ...manifests: readonly string[]) {
  return onHost(name, { facts: { survey: { manifests }, state: { cluster: own } } })
}

test('a control plane that the inventory calls a host of etcd is refused, and such a host that it calls a worker', () => {
  expect(found(preflightState, withPods('e1', 'etcd.yaml'))).toEqual([])
  expect(told(preflightState, withPods('e1', 'etcd.yaml', 'kube-apiserver.yaml'))).toContain(
    'e1 is a control plane of the living cluster (it has kube-apiserver.yaml), the inventory calls it a host of etcd',
  )
  expect(told(preflightState, withPods('w1', 'etcd.yaml'))).toContain('w1 is a host of etcd of the living cluster')
})

describe("another cluster's host", () => {
  const record = { id: 'id-9', name: 'production' }

  test('is refused with both names, and nothing else is said of it', () => {
    const listening = [{ address: '::', port: 6443, process: 'kube-apiserver' }]
    const context = contextOf({ facts: factsOf({ survey: { ...running, listening }, state: { cluster: record } }) })
    expect(found(preflightState, context)).toEqual(['error ForeignCluster'])
    expect(told(preflightState, context)).toContain('production (id-9), the inventory describes lab')
    expect(found(preflightNetwork, context)).toEqual([])
  })

  test('is one of the same name with another id, too', () => {
    const cluster = clusterOf({ hosts: [hostOf(), workerOf('worker1', '10.89.5.12')] })
    const worker = factsOf({ nodeIP: '10.89.5.12', state: { cluster: { ...own, id: 'id-2' } } })
    const fleet = new Map([
      ['cp1', factsOf({ state: { cluster: own } })],
      ['worker1', worker],
    ])
    const [host] = cluster.hosts.slice(1)
    const context = contextOf({ cluster, fleet, facts: worker, ...(host === undefined ? {} : { host }) })
    expect(found(preflightState, context)).toEqual(['error ForeignCluster'])
  })
})

describe('what an earlier cluster left', () => {
  test("static pods have kubeadm's ids", () => {
    expect(found(preflightState, on({ manifests: ['etcd.yaml', 'kube-apiserver.yaml'] }))).toEqual([
      'error FileAvailable--etc-kubernetes-manifests-etcd.yaml',
      'error FileAvailable--etc-kubernetes-manifests-kube-apiserver.yaml',
    ])
  })

  test('data of etcd is refused on a control plane, and no concern of a worker', () => {
    expect(found(preflightState, on({ etcdData: true }))).toEqual(['error DirAvailable--var-lib-etcd'])
    expect(found(preflightState, onWorker({ etcdData: true }))).toEqual([])
  })

  test('kubeconfigs and files of the kubelet are refused', () => {
    const kubernetesFiles = [
      '/etc/kubernetes/kubelet.conf',
      '/etc/kubernetes/admin.conf',
      '/var/lib/kubelet/config.yaml',
    ]
    const context = on({ kubernetesFiles })
    expect(found(preflightState, context)).toEqual([
      'error FileAvailable--etc-kubernetes-kubelet.conf',
      'error StaleState',
    ])
    expect(told(preflightState, context)).toContain('2 files of an earlier cluster')
  })

  test('an authority that the user has put on a control plane is no leftover, on a worker it is', () => {
    const kubernetesFiles = ['/etc/kubernetes/pki/ca.crt', '/etc/kubernetes/pki/ca.key']
    expect(found(preflightState, on({ kubernetesFiles }))).toEqual([])
    expect(found(preflightState, onWorker({ kubernetesFiles }))).toEqual([
      'error FileAvailable--etc-kubernetes-pki-ca.crt',
    ])
  })

  test('interfaces are refused with the command that removes them', () => {
    const context = on({ links: ['lo', 'eth0', 'cni0', 'flannel.1', 'docker0', 'tunl0'] })
    expect(found(preflightState, context)).toEqual(['error StaleNetwork'])
    expect(told(preflightState, context)).toContain('"ip link delete cni0" and "ip link delete flannel.1"')
  })
})

test('interfaces of another network than the one of our cluster are refused, and its own are not', () => {
  const links = ['lo', 'eth0', 'cni0', 'flannel.1', 'vxlan.calico', 'cali0123456789a']
  expect(told(preflightState, onOurs({ links }))).toContain(
    '"ip link delete vxlan.calico" and "ip link delete cali0123456789a"',
  )
  expect(found(preflightState, onOurs({ links: links.slice(0, 4) }))).toEqual([])
})

describe('manifests that are not ours', () => {
  test('are named and left alone', () => {
    expect(found(preflightState, onOurs({ manifests: ['keepalived.yaml'] }))).toEqual(['warning StaticPodManifest'])
  })

  test('are refused if they are copies of ours, which the kubelet runs whatever they are called', () => {
    expect(found(preflightState, onOurs({ manifests: ['kube-apiserver.yaml.bak'] }))).toEqual([
      'error StaticPodManifest',
    ])
  })
})

describe('network configurations that are not ours', () => {
  test('are refused if containerd would take them first, but for the example that we remove', () => {
    const context = on({ cniConfigurations: ['10-calico.conflist'] })
    expect(found(preflightState, context)).toEqual(['error CNIConfiguration'])
    expect(found(preflightState, on({ cniConfigurations: ['10-containerd-net.conflist'] }))).toEqual([])
    expect(told(preflightState, context)).toContain(
      '/etc/cni/net.d/10-calico.conflist comes before 10-flannel.conflist',
    )
  })

  test('are judged by the file of the network that is wanted', () => {
    const cluster = clusterOf({ cni: calicoOptions })
    const context = { ...on({ cniConfigurations: ['10-calico.conflist', '10-flannel.conflist'] }), cluster }
    expect(findings(preflightState, context)).toMatchObject([
      { severity: 'warning', message: "/etc/cni/net.d/10-flannel.conflist is not Kubewright's" },
    ])
    const own = { ...context, cluster: clusterOf({ cni: { name: 'none' } }) }
    expect(found(preflightState, own)).toEqual([])
  })

  test('are a warning if they come later, and nothing if they are no configuration', () => {
    const cniConfigurations = ['10-flannel.conflist', '87-podman-bridge.conflist', 'cni.lock', '05-old.conflist.bak']
    expect(findings(preflightState, on({ cniConfigurations }))).toMatchObject([
      { severity: 'warning', message: "/etc/cni/net.d/87-podman-bridge.conflist is not Kubewright's" },
    ])
  })
})
