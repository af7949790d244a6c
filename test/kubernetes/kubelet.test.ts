import { describe, expect, test } from 'vitest'
import type { Host } from '../../src/inventory/cluster.ts'
import { isKubeletLabel, kubeadmFlagsEnv } from '../../src/kubernetes/kubelet-flags.ts'
import * as kubelet from '../../src/kubernetes/kubelet.ts'
import { reservedResources } from '../../src/kubernetes/reserved.ts'
import { controlPlane, defaultCluster, worker } from './scenarios.ts'

const facts = { resolvConf: '/run/systemd/resolve/resolv.conf', memoryBytes: 4 * 2 ** 30, cpus: 2 }
const view = { nodeIP: '10.89.5.21', hostname: 'w1' }

function withConfig(host: Host, config: Readonly<Record<string, unknown>>): Host {
  return { ...host, kubelet: { ...host.kubelet, config } }
}

describe('config.yaml', () => {
  test('has what depends on the host', () => {
    expect(kubelet.kubeletConfiguration(defaultCluster(), worker, facts)).toMatchObject({
      resolvConf: '/run/systemd/resolve/resolv.conf',
      tlsCertFile: '/var/lib/kubelet/pki/kubelet.crt',
      kubeReserved: { cpu: '70m', memory: '160Mi' },
      systemReserved: { cpu: '35m', memory: '80Mi' },
    })
  })

  test("the inventory's fields are merged last, and null removes one of ours", () => {
    const host = withConfig(worker, {
      evictionHard: { 'memory.available': '1Gi' },
      podPidsLimit: null,
      failCgroupV1: false,
    })
    const configuration = kubelet.kubeletConfiguration(defaultCluster(), host, facts)
    expect(configuration['evictionHard']).toMatchObject({ 'memory.available': '1Gi', 'nodefs.available': '10%' })
    expect(configuration).not.toHaveProperty('podPidsLimit')
    expect(configuration['failCgroupV1']).toBe(false)
  })
})

describe('ConfigMap kubelet-config', () => {
  test('has what all hosts have in common and nothing of a single host', () => {
    const hosts = [
      withConfig(controlPlane, { failCgroupV1: false, maxPods: 50, evictionSoft: { a: '1', b: '2' } }),
      withConfig(worker, { failCgroupV1: false, maxPods: 60, evictionSoft: { a: '1', b: '3' } }),
    ]
    const shared = kubelet.sharedKubeletConfiguration(defaultCluster('1.37.1', hosts))
    expect(shared).toMatchObject({ failCgroupV1: false, evictionSoft: { a: '1' }, containerRuntimeEndpoint: '' })
    for (const field of ['maxPods', 'tlsCertFile', 'resolvConf', 'kubeReserved'])
      expect(shared).not.toHaveProperty(field)
  })
})

describe('reserved resources', () => {
  const gibibyte = 2 ** 30

  test.each([
    [1, 1, '60m', '64Mi', '30m', '64Mi'],
    [2, 2, '70m', '80Mi', '35m', '64Mi'],
    [16, 8, '130m', '640Mi', '65m', '320Mi'],
    [64, 32, '250m', '1024Mi', '125m', '512Mi'],
  ])('%i GiB and %i CPUs keep %s, %s and %s, %s', (gib, cpus, kubeCpu, kubeMemory, systemCpu, systemMemory) => {
    expect(reservedResources(gib * gibibyte, cpus)).toEqual({
      kubeReserved: { cpu: kubeCpu, memory: kubeMemory },
      systemReserved: { cpu: systemCpu, memory: systemMemory },
    })
  })

  test('a kernel that keeps some memory for itself changes nothing', () => {
    expect(reservedResources(7.75 * gibibyte, 4)).toEqual(reservedResources(7.9 * gibibyte, 4))
  })
})

describe('kubeadm-flags.env', () => {
  test('has the flags of kubeadm in its order, extra flags last', () => {
    const host: Host = {
      ...worker,
      labels: { zone: 'a', 'node.kubernetes.io/pool': 'x', 'node-role.kubernetes.io/worker': '' },
      taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }],
      directories: { ...worker.directories, kubelet: '/data/kubelet' },
      kubelet: { ...worker.kubelet, extraArgs: [{ name: 'v', value: '3' }] },
    }
    expect(kubeadmFlagsEnv(host, { ...view, hostname: 'other' })).toBe(
      'KUBELET_KUBEADM_ARGS="--hostname-override=w1 --node-ip=10.89.5.21 --node-labels=zone=a,node.kubernetes.io/pool=x ' +
        '--register-with-taints=gpu=yes:NoSchedule --root-dir=/data/kubelet --v=3"\n',
    )
  })

  test("the host's own name needs no flag, whatever its case", () => {
    expect(kubeadmFlagsEnv(worker, { ...view, hostname: 'W1\n' })).toBe('KUBELET_KUBEADM_ARGS="--node-ip=10.89.5.21"\n')
  })

  test('a control plane does not register with its taint', () => {
    expect(kubeadmFlagsEnv(controlPlane, { ...view, hostname: 'cp1' })).not.toContain('register-with-taints')
  })

  test.each(['a b', 'a"b', String.raw`a\b`, '$x'])(
    'a value that systemd would split or expand is refused: %s',
    (value) => {
      const host: Host = { ...worker, kubelet: { ...worker.kubelet, extraArgs: [{ name: 'x', value }] } }
      expect(() => kubeadmFlagsEnv(host, view)).toThrow('kubelet.extraArgs of w1: --x=')
    },
  )

  test.each([
    ['rack', true],
    ['example.com/rack', true],
    ['topology.kubernetes.io/zone', true],
    ['node.kubernetes.io/pool', true],
    ['x.node.kubernetes.io/pool', true],
    ['node-role.kubernetes.io/worker', false],
    ['node-restriction.kubernetes.io/x', false],
    ['k8s.io/x', false],
    ['notkubernetes.io/x', true],
  ])('a kubelet and the label %s: %s', (key, allowed) => {
    expect(isKubeletLabel(key)).toBe(allowed)
  })
})

describe('systemd', () => {
  test('the drop-in reads the extra flags where the packages of the distribution do', () => {
    expect(kubelet.kubeletDropIn('apt')).toContain('EnvironmentFile=-/etc/default/kubelet\n')
    expect(kubelet.kubeletDropIn('dnf')).toContain('EnvironmentFile=-/etc/sysconfig/kubelet\n')
  })

  test('the last ExecStart replaces that of the unit', () => {
    expect(kubelet.kubeletUnit()).toContain('ExecStart=/usr/bin/kubelet\n')
    expect(kubelet.kubeletDropIn('apt')).toMatch(/ExecStart=\nExecStart=\/usr\/bin\/kubelet \$KUBELET_KUBECONFIG_ARGS/)
  })

  test('the proxy comes by a drop-in of its own, quoted for systemd', () => {
    const proxy = { http: 'http://a%20b:3128', https: undefined, noProxy: ['10.0.0.0/8', '.local'] }
    expect(kubelet.kubeletProxyDropIn({ ...defaultCluster(), proxy })).toBe(
      '[Service]\nEnvironment="HTTP_PROXY=http://a%%20b:3128"\nEnvironment="NO_PROXY=10.0.0.0/8,.local"\n',
    )
    expect(kubelet.kubeletProxyDropIn(defaultCluster())).toBeUndefined()
  })
})
